# Types made of others.
lib:
let
  inherit (lib) mergeDefinitions showOption showDefinitions types;
  inherit (types) mkOptionType;


  phrase =
    type: if lib.hasInfix " or " type.description then "(${type.description})" else type.description;
  # Each element as a definition of its own, with its place.
  elements =
    definitions:
    lib.concatLists (
      lib.imap1 (
        n: d:
        lib.imap1 (m: value: {
          inherit value;
          inherit (d) file;
          place = "[definition ${toString n}-entry ${toString m}]";
        }) d.value
      ) definitions
    );
in
{
  nullOr =
    type:
    mkOptionType {
      name = "nullOr";
      description = "null or ${phrase type}";
      check = value: value == null || type.check value;
      merge =
        loc: definitions:
        let
          nulls = lib.count (d: d.value == null) definitions;
        in
        if nulls == builtins.length definitions then
          null
        else if nulls > 0 then
          throw "The option `${showOption loc}' is defined both null and not null:${showDefinitions definitions}"
        else
          type.merge loc definitions;
      shape = {
        kind = "nullOr";
        of = type;
      };
      inherit (type) getSubOptions;
    };

  listOf =
    type:
    mkOptionType {
      name = "listOf";
      description = "list of ${phrase type}";
      check = builtins.isList;
      merge =
        loc: definitions:
        let
          merged = map (d: mergeDefinitions (loc ++ [ d.place ]) type [ d ]) (elements definitions);
        in
        map (element: element.value) (builtins.filter (element: element.isDefined) merged);
      shape = {
        kind = "listOf";
        of = type;
      };
      getSubOptions = prefix: type.getSubOptions (prefix ++ [ "*" ]);
    };
  nonEmptyListOf =
    type:
    types.addCheck (types.listOf type) (value: value != [ ])
    // {
      name = "nonEmptyListOf";
      description = "non-empty list of ${phrase type}";
      shape = {
        kind = "listOf";
        atLeast = 1;
        of = type;
      };
    };

  attrsOf =
    type:
    mkOptionType {
      name = "attrsOf";
      description = "attribute set of ${phrase type}";
      check = builtins.isAttrs;
      merge =
        loc: definitions:
        let
          sets = lib.concatMap (d: lib.pushDown { inherit (d) file value; }) definitions;
          names = lib.unique (lib.concatMap (d: builtins.attrNames d.value) sets);
          of =
            name:
            map (d: { inherit (d) file; value = d.value.${name}; }) (
              builtins.filter (d: d.value ? ${name}) sets
            );
          merged = lib.genAttrs names (name: mergeDefinitions (loc ++ [ name ]) type (of name));
        in
        builtins.mapAttrs (_: m: m.value) (lib.filterAttrs (_: m: m.isDefined) merged);
      shape = {
        kind = "attrsOf";
        of = type;
      };
      getSubOptions = prefix: type.getSubOptions (prefix ++ [ "<name>" ]);
    };
  lazyAttrsOf = types.attrsOf;
  attrs = types.attrsOf types.anything;

  either =
    left: right:
    mkOptionType {
      name = "either";
      description = "${left.description} or ${right.description}";
      check = value: left.check value || right.check value;
      merge =
        loc: definitions:
        if lib.all (d: left.check d.value) definitions then
          left.merge loc definitions
        else if lib.all (d: right.check d.value) definitions then
          right.merge loc definitions
        else
          throw "The option `${showOption loc}' has conflicting definition values:${showDefinitions definitions}";
      # Without its types, which may be made of this one again.
      shape.kind = "either";
    };
  coercedTo =
    from: coerce: to:
    mkOptionType {
      name = "coercedTo";
      description = "${to.description} or ${from.description} convertible to it";
      check = value: from.check value || to.check value;
      merge =
        loc: definitions:
        to.merge loc (map (d: d // { value = if from.check d.value then coerce d.value else d.value; }) definitions);
      inherit (to) shape getSubOptions;
    };
  oneOf = list: builtins.foldl' types.either (builtins.head list) (builtins.tail list);

  anything = mkOptionType {
    name = "anything";
    merge =
      loc: definitions:
      if lib.all (d: builtins.isAttrs d.value && !(d.value ? outPath)) definitions then
        (mergeDefinitions loc (types.attrsOf types.anything) definitions).value
      else
        types.str.merge loc definitions;
  };
}
