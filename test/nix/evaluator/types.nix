# Types of single values. A type is { name, description, check, merge, shape, … }:
# `check` looks at the root of a definition, `merge` makes one value of all of them,
# `shape` says as data what is accepted, for generators (test/nix/values.ts).
lib:
let
  inherit (lib) showOption showFiles showDefinitions;

  equal =
    loc: definitions:
    let
      first = (builtins.head definitions).value;
    in
    if lib.all (d: d.value == first) definitions then
      first
    else
      throw "The option `${showOption loc}' has conflicting definition values:${showDefinitions definitions}";

  one =
    loc: definitions:
    if builtins.length definitions == 1 then
      (builtins.head definitions).value
    else
      throw "The option `${showOption loc}' is defined multiple times while it's expected to be unique: in ${showFiles definitions}.";

  single =
    name: description: check: shape:
    lib.types.mkOptionType {
      inherit name description check;
      merge = equal;
      shape = shape // {
        kind = shape.kind or name;
      };
    };
  within = lowest: highest: value: lowest <= value && value <= highest;
  both = lowest: highest: "between ${show lowest} and ${show highest} (both inclusive)";
  show = builtins.toJSON;
  isNumber = value: builtins.isInt value || builtins.isFloat value;
in
{
  mkOptionType =
    { name, ... }@type:
    {
      _type = "option-type";
      description = name;
      check = _: true;
      merge = one;
      shape.kind = name;
      getSubOptions = _: { };
    }
    // type;
  addCheck = type: check: type // { check = value: type.check value && check value; };

  bool = single "bool" "boolean" builtins.isBool { };
  int = single "int" "signed integer" builtins.isInt { };
  float = single "float" "floating point number" builtins.isFloat { };
  str = single "str" "string" builtins.isString { };
  nonEmptyStr = single "nonEmptyStr" "non-empty string" (
    value: builtins.isString value && builtins.match "[ \t\n]*" value == null
  ) { kind = "str"; };
  strMatching =
    pattern:
    single "strMatching" "string matching the pattern ${pattern}" (
      value: builtins.isString value && builtins.match pattern value != null
    ) { kind = "str"; inherit pattern; };
  enum =
    values:
    single "enum" "one of ${lib.concatMapStringsSep ", " show values}" (value: lib.elem value values) {
      inherit values;
    };
  path = single "path" "absolute path" (
    value: lib.isStringLike value && builtins.substring 0 1 (toString value) == "/"
  ) { };
  package = lib.types.mkOptionType {
    name = "package";
    check = lib.isDerivation;
    shape.kind = "package";
  };

  ints = {
    between =
      lowest: highest:
      single "intBetween" "integer ${both lowest highest}" (
        value: builtins.isInt value && within lowest highest value
      ) { kind = "int"; inherit lowest highest; };
    positive = single "positiveInt" "positive integer, meaning >0" (
      value: builtins.isInt value && value > 0
    ) { kind = "int"; lowest = 1; };
    unsigned = single "unsignedInt" "unsigned integer, meaning >=0" (
      value: builtins.isInt value && value >= 0
    ) { kind = "int"; lowest = 0; };
  };
  port = single "unsignedInt16" "16 bit unsigned integer; ${both 0 65535}" (
    value: builtins.isInt value && within 0 65535 value
  ) { kind = "int"; lowest = 0; highest = 65535; };
  numbers.between =
    lowest: highest:
    single "numberBetween" "integer or floating point number ${both lowest highest}" (
      value: isNumber value && within lowest highest value
    ) { kind = "number"; inherit lowest highest; };
  numbers.positive =
    single "positiveNumber" "positive integer or floating point number, meaning >0" (
      value: isNumber value && value > 0
    ) { kind = "number"; lowest = 0; };

  raw = lib.types.mkOptionType {
    name = "raw";
    description = "raw value";
  };
  unspecified = lib.types.mkOptionType {
    name = "unspecified";
    description = "unspecified value";
  };
}
