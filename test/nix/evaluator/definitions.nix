# What definitions of one option or one part of it come to. Options and types share it.
lib:
let
  inherit (lib) showOption showDefinitions;
in
# The value of the definitions that count, each checked; `isDefined` is false where none does, and
# `definitions` are their values.
loc: type: definitions:
let
  unwrapped = lib.concatMap lib.unwrap definitions;
  counting = lib.strongest unwrapped;
  wrong = builtins.filter (d: !(type.check d.value)) counting;
in
{
  isDefined = unwrapped != [ ];
  definitions = lib.optionals (unwrapped != [ ]) (map (d: d.value) counting);
  highestPrio = if unwrapped == [ ] then 9999 else (builtins.head counting).priority;
  value =
    if unwrapped == [ ] then
      throw "The option `${showOption loc}' was accessed but has no value defined. Try setting the option."
    else if wrong != [ ] then
      throw "A definition for option `${showOption loc}' is not of type `${type.description}'. Definition values:${showDefinitions wrong}"
    else
      type.merge loc counting;
}
