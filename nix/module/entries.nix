# Options with named entries, which are lists in the configuration file. Entries have names so that another
# module can change or disable one. A list is accepted too, with a warning.
{ lib }:
let
  inherit (lib) types;
  listed = "listed ";
  # Sorted as they were listed.
  keyOf = index: "${listed}${lib.concatMapStrings (at: if index < at then "0" else "") [ 10 100 1000 ]}${toString index}";
  isListed = lib.hasPrefix listed;
in
{
  # The type of such an option, from the options of an entry.
  entries =
    options:
    let
      entry = types.submodule {
        options = options // {
          enable = lib.mkOption {
            type = types.bool;
            default = true;
            description = "Whether this entry counts: false takes out one of another module.";
          };
        };
      };
      named = types.attrsOf entry;
      list = types.listOf entry;
    in
    types.either named list
    // {
      description = "attribute set of (submodule)";
      inherit (named) getSubOptions;
      merge =
        loc: definitions:
        let
          merged =
            type: isOne:
            let
              own = lib.filter (definition: isOne definition.value) definitions;
            in
            lib.optionals (own != [ ]) (type.merge loc own);
          items = lib.imap0 (index: lib.nameValuePair (keyOf index)) (merged list builtins.isList);
          sets = merged named builtins.isAttrs;
        in
        lib.listToAttrs items // (if sets == [ ] then { } else sets);
      # For the tests, which make values of it.
      shape = {
        kind = "entries";
        of = entry;
      };
    };

  # For `toList`: the name of an entry is its `name`, unless it sets one.
  called = name: entry: entry // { name = if entry.name == null then name else entry.name; };

  # The list for the file; `complete` gets the name of an entry, null if it has none.
  toList =
    complete: values:
    map (key: removeAttrs (complete (if isListed key then null else key) values.${key}) [ "enable" ]) (
      lib.filter (key: values.${key}.enable) (lib.attrNames values)
    );

  # Null unless the option is given as a list.
  warning =
    option: values:
    lib.optional (lib.any isListed (lib.attrNames values))
      "services.deployFinalize.${option} is a list. Give each entry a name, so that other modules can change it: ${option}.NAME = { … };";
}
