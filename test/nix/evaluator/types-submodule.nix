# The type of a set of options.
lib:
let
  inherit (lib) types;
in
{
  submodule = module: types.submoduleWith { modules = lib.toList module; };
  submoduleWith =
    {
      modules,
      specialArgs ? { },
      ...
    }:
    let
      evaluate =
        loc: more:
        lib.evalModules {
          inherit specialArgs;
          prefix = loc;
          modules = modules ++ [ { _module.args.name = lib.last ([ "" ] ++ loc); } ] ++ more;
        };
    in
    types.mkOptionType {
      name = "submodule";
      inherit modules;
      check = value: builtins.isAttrs value || builtins.isFunction value || builtins.isPath value;
      merge =
        loc: definitions:
        (evaluate loc (map (d: { imports = [ d.value ]; _file = d.file; }) definitions)).config;
      shape = {
        kind = "submodule";
        inherit (evaluate [ ] [ ]) options;
      };
      getSubOptions = prefix: (evaluate prefix [ ]).options;
    };
}
