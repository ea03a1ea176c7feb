# mkIf, mkMerge and priorities: what may wrap a definition, and how it is unwrapped.
lib:
let
  inherit (lib) concatMap isType;
  lowestFirst = builtins.sort (a: b: a < b);
in
rec {
  mkIf = condition: content: {
    _type = "if";
    inherit condition content;
  };
  mkMerge = contents: {
    _type = "merge";
    inherit contents;
  };
  mkOverride = priority: content: {
    _type = "override";
    inherit priority content;
  };
  mkOptionDefault = mkOverride 1500;
  mkDefault = mkOverride 1000;
  mkForce = mkOverride 50;
  defaultOverridePriority = 100;

  # The definitions, each { file, value, priority }, that one with mkMerge, mkIf
  # and mkOverride around it stands for.
  unwrap =
    { file, value, ... }@definition:
    if isType "merge" value then
      concatMap (content: unwrap (definition // { value = content; })) value.contents
    else if isType "if" value then
      if builtins.isBool value.condition then
        lib.optionals value.condition (unwrap (definition // { value = value.content; }))
      else
        throw "‘mkIf’ called with a non-Boolean condition, in `${file}'"
    else if isType "override" value then
      # Its content is not looked at: it may be a default that is not needed.
      [ { inherit file; inherit (value) priority; value = value.content; } ]
    else
      [ { inherit file value; priority = defaultOverridePriority; } ];

  # A stand-in for the module of an option that has moved.
  mkRenamedOptionModule =
    from: to:
    { options, ... }:
    let
      old = lib.attrByPath from null options;
    in
    {
      options = lib.setAttrByPath from (lib.mkOption { type = lib.types.raw; visible = false; });
      config = mkMerge [
        {
          warnings = lib.optional old.isDefined "The option `${lib.showOption from}' has been renamed to `${lib.showOption to}'.";
        }
        (lib.setAttrByPath to (mkIf old.isDefined old.value))
      ];
    };

  # The definitions that count: those of the highest priority, the lowest number.
  strongest =
    definitions:
    let
      priority = builtins.head (lowestFirst (map (d: d.priority) definitions));
    in
    builtins.filter (d: d.priority == priority) definitions;

  # The same for a set of options: what wraps the set is moved to each of its values.
  pushDown =
    { file, value }@definition:
    if isType "merge" value then
      concatMap (content: pushDown { inherit file; value = content; }) value.contents
    else if isType "if" value then
      wrapEach (mkIf value.condition) (pushDown { inherit file; value = value.content; })
    else if isType "override" value then
      wrapEach (mkOverride value.priority) (pushDown { inherit file; value = value.content; })
    else
      [ definition ];

  wrapEach = wrap: map (d: d // { value = builtins.mapAttrs (_: wrap) d.value; });
}
