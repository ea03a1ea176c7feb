# Strings.
lib:
let
  inherit (builtins)
    concatStringsSep
    genList
    isList
    replaceStrings
    stringLength
    substring
    ;
in
rec {
  inherit (builtins) replaceStrings;
  concatStrings = concatStringsSep "";
  concatMapStrings = f: list: concatStrings (map f list);
  concatMapStringsSep = separator: f: list: concatStringsSep separator (map f list);
  concatLines = concatMapStrings (line: "${line}\n");
  optionalString = condition: text: if condition then text else "";
  stringToCharacters = text: genList (index: substring index 1 text) (stringLength text);
  hasPrefix = prefix: text: substring 0 (stringLength prefix) text == prefix;
  hasSuffix =
    suffix: text:
    let
      rest = stringLength text - stringLength suffix;
    in
    rest >= 0 && substring rest (-1) text == suffix;
  hasInfix = infix: text: builtins.length (splitString infix text) > 1;
  removePrefix =
    prefix: text: if hasPrefix prefix text then substring (stringLength prefix) (-1) text else text;
  removeSuffix =
    suffix: text:
    if hasSuffix suffix text then
      substring 0 (stringLength text - stringLength suffix) text
    else
      text;
  escapeRegex = lib.escape (stringToCharacters "\\[{()^$?*+|.");
  escape = characters: replaceStrings characters (map (character: "\\${character}") characters);
  splitString =
    separator: text:
    builtins.filter (part: !(isList part)) (builtins.split (escapeRegex separator) text);
  escapeShellArg =
    value:
    let
      text = toString value;
    in
    if builtins.match "[[:alnum:],._+:@%/-]+" text != null then
      text
    else
      "'${replaceStrings [ "'" ] [ "'\\''" ] text}'";
  versionOlder = left: right: builtins.compareVersions right left == 1;
  versionAtLeast = left: right: !(versionOlder left right);
}
