# Declaring options.
lib: rec {
  mkOption = declaration: declaration // { _type = "option"; };
  isOption = lib.isType "option";
  mkEnableOption =
    what:
    mkOption {
      default = false;
      example = true;
      description = "Whether to enable ${what}.";
      type = lib.types.bool;
    };
  literalExpression = text: {
    _type = "literalExpression";
    inherit text;
  };
  literalMD = text: {
    _type = "literalMD";
    inherit text;
  };

  showOption = lib.concatMapStringsSep "." (
    part: if builtins.match "[a-zA-Z_*<][a-zA-Z0-9_'<>*-]*" part != null then part else builtins.toJSON part
  );
  showFiles = definitions: lib.concatMapStringsSep " and " (d: "`${d.file}'") definitions;
  showDefinitions = lib.concatMapStrings (d: "\n- In `${d.file}': ${showValue d.value}");
  showValue =
    value:
    if builtins.isFunction value then
      "<function>"
    else if lib.isDerivation value then
      "<derivation ${value.name}>"
    else if builtins.isAttrs value then
      "{ ${lib.concatStrings (lib.mapAttrsToList (n: v: "${n} = ${showValue v}; ") value)}}"
    else if builtins.isList value then
      "[ ${lib.concatMapStrings (item: "${showValue item} ") value}]"
    else if builtins.isPath value then
      toString value
    else
      builtins.toJSON value;
}
