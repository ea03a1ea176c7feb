# evalModules: modules in, options and their values out.
lib:
let
  inherit (lib) isOption showDefinitions showOption;

  # One module in its canonical form. `file` names it in errors.
  normalise =
    args: file: module:
    let
      named = if builtins.isPath module || builtins.isString module then toString module else file;
      raw = if builtins.isPath module || builtins.isString module then import module else module;
      set = if builtins.isFunction raw then raw (argumentsOf args raw) else raw;
      isLong = set ? config || set ? options;
      known = [ "_file" "key" "imports" "options" "config" "freeformType" "meta" ];
      stray = removeAttrs set known;
      config = if isLong then set.config or { } else stray;
    in
    if isLong && stray != { } then
      throw "Module `${named}' has an unsupported attribute `${builtins.head (builtins.attrNames stray)}'."
    else
      {
        file = set._file or named;
        imports = set.imports or [ ];
        options = set.options or { };
        config =
          if set ? freeformType then
            lib.mkMerge [ config { _module.freeformType = set.freeformType; } ]
          else
            config;
      };

  # Only the arguments that the function names: the others need not have a value.
  argumentsOf =
    args: f:
    args.given
    // builtins.mapAttrs (name: _: args.given.${name} or args.config._module.args.${name}) (
      lib.filterAttrs (name: hasDefault: !hasDefault || args.given ? ${name}) (builtins.functionArgs f)
    );

  # A module and all that it imports; one that is imported twice as a path counts once.
  collect =
    args: start:
    let
      entries =
        parent: file:
        lib.imap1 (
          index: module: {
            key = if builtins.isPath module then toString module else "${parent}/${toString index}";
            module = normalise args file module;
          }
        );
    in
    map (entry: entry.module) (
      builtins.genericClosure {
        startSet = entries "" "<unknown-file>" start;
        operator = entry: entries entry.key entry.module.file entry.module.imports;
      }
    );

  # Options and definitions below one place, name by name.
  mergeLevel =
    prefix: declarations: definitions:
    let
      sets = lib.concatMap lib.pushDown definitions;
      names = lib.unique (lib.concatMap (d: builtins.attrNames d.options) declarations);
      below = key: list: name: map (d: d // { ${key} = d.${key}.${name}; }) (builtins.filter (d: d.${key} ? ${name}) list);
      merge =
        name:
        let
          here = below "options" declarations name;
          defs = below "value" sets name;
          loc = prefix ++ [ name ];
        in
        if lib.all (d: isOption d.options) here then
          { options = evalOption loc here defs; unmatched = [ ]; }
        else if lib.any (d: isOption d.options) here then
          throw "The option `${showOption loc}' is both an option and a prefix of options."
        else
          mergeLevel loc here defs;
      results = lib.genAttrs names merge;
      unknown = lib.concatMap (
        d: lib.mapAttrsToList (name: value: { inherit (d) file; inherit value; path = prefix ++ [ name ]; }) (removeAttrs d.value names)
      ) sets;
    in
    {
      options = builtins.mapAttrs (_: r: r.options) results;
      unmatched = unknown ++ lib.concatMap (r: r.unmatched) (builtins.attrValues results);
    };

  evalOption =
    loc: declarations: definitions:
    let
      declaration = builtins.foldl' (all: d: all // d.options) { } declarations;
      # One that has no type only adds to the other, for example `apply`.
      typed = map (d: d.options.type) (builtins.filter (d: d.options ? type) declarations);
      types = if typed == [ ] then [ lib.types.unspecified ] else typed;
      isTwice = key: lib.count (d: d.options ? ${key}) declarations > 1;
      joined =
        if lib.any isTwice [ "apply" "default" "description" "example" ] then
          null
        else
          builtins.foldl' joinTypes (builtins.head types) (builtins.tail types);
      type = if joined == null then builtins.head types else joined;
      default = lib.optional (declaration ? default) {
        file = (builtins.head declarations).file;
        value = lib.mkOptionDefault declaration.default;
      };
      merged = lib.mergeDefinitions loc type (definitions ++ default);
    in
    if joined == null then
      throw "The option `${showOption loc}' in ${lib.showFiles [ (builtins.head declarations) ]} is already declared in ${lib.showFiles (builtins.tail declarations)}."
    else if declaration.readOnly or false && builtins.length (definitions ++ default) > 1 then
      throw "The option `${showOption loc}' is read-only, but it's set multiple times:${showDefinitions definitions}"
    else
      declaration
      // {
        inherit loc type;
        inherit (merged) definitions isDefined highestPrio;
        declarations = map (d: d.file) declarations;
        value = (declaration.apply or lib.id) merged.value;
      };

  # Two declarations of a set of options go together, also below a set of names or a list; others do not.
  joinTypes =
    one: other:
    let
      kinds = map (type: type.shape.kind or null) (builtins.filter (type: type != null) [ one other ]);
      of = joinTypes one.shape.of other.shape.of;
    in
    if kinds == [ "submodule" "submodule" ] then
      lib.types.submodule (one.modules ++ other.modules)
    else if kinds == [ "attrsOf" "attrsOf" ] && of != null then
      lib.types.attrsOf of
    else if kinds == [ "listOf" "listOf" ] && of != null then
      lib.types.listOf of
    else
      null;

  valuesOf =
    options: builtins.mapAttrs (_: o: if isOption o then o.value else valuesOf o) options;

  reverse = list: lib.genList (i: lib.elemAt list (lib.length list - 1 - i)) (lib.length list);

  internal = {
    options._module = {
      args = lib.mkOption { type = lib.types.attrsOf lib.types.raw; default = { }; internal = true; };
      freeformType = lib.mkOption { type = lib.types.raw; default = null; internal = true; };
    };
  };
in
{
  modules,
  prefix ? [ ],
  specialArgs ? { },
}:
let
  args = {
    given = specialArgs // { inherit lib options config; };
    inherit config;
  };
  # The last comes first: its part of a list is at the beginning.
  all = reverse (collect args (modules ++ [ internal ]));
  merged = mergeLevel prefix (map (m: { inherit (m) file options; }) all) (
    map (m: { inherit (m) file; value = m.config; }) all
  );
  inherit (merged) options;
  declared = valuesOf options;
  freeform = declared._module.freeformType;
  relative = path: lib.genList (i: lib.elemAt path (i + lib.length prefix)) (lib.length path - lib.length prefix);
  loose = map (d: { inherit (d) file; value = lib.setAttrByPath (relative d.path) d.value; }) merged.unmatched;
  config =
    if freeform == null || loose == [ ] then
      declared
    else
      lib.recursiveUpdate (lib.mergeDefinitions prefix freeform loose).value declared;
  first = builtins.head merged.unmatched;
  checked =
    if freeform == null && merged.unmatched != [ ] then
      throw "The option `${showOption first.path}' does not exist. Definition values:${showDefinitions [ first ]}"
    else
      null;
in
builtins.seq checked {
  options = removeAttrs options [ "_module" ];
  config = removeAttrs config [ "_module" ];
}
