# Options as plain data, for the reference and for generators of values.
lib:
let
  # A type with all that its shape holds.
  describeType =
    type:
    {
      inherit (type) name description;
    }
    // builtins.mapAttrs (
      key: value:
      if lib.isType "option-type" value then
        describeType value
      else if key == "options" then
        builtins.mapAttrs (_: o: describeType o.type // { hasDefault = o ? default; }) value
      else
        value
    ) type.shape;

  # In Markdown: a value as code, a text as it is.
  shown =
    value:
    if lib.isType "literalMD" value then
      value.text
    else if lib.isType "literalExpression" value then
      "`${lib.removeSuffix "\n" value.text}`"
    else
      "`${lib.showValue value}`";

  describe = option: {
    name = lib.showOption option.loc;
    # Without the first two, services.deployFinalize.
    path = builtins.tail (builtins.tail option.loc);
    inherit (option) declarations;
    description = option.description or null;
    default =
      if option ? defaultText then
        shown option.defaultText
      else if option ? default then
        shown option.default
      else
        null;
    example = if option ? example then shown option.example else null;
    isInternal = option.internal or false || !(option.visible or true);
    type = describeType option.type;
  };

  # Every option of a tree, those of submodules too, in the order of their names.
  describeOptions =
    options:
    lib.concatMap (
      option:
      if lib.isOption option then
        [ (describe option) ] ++ describeOptions (option.type.getSubOptions option.loc)
      else
        describeOptions option
    ) (builtins.attrValues options);
in
describeOptions
