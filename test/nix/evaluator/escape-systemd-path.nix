# A stand-in for nixpkgs' utils.escapeSystemdPath, for names: systemd.unit(5), "string
# escaping for inclusion in unit names". Paths with empty parts or dots are not for it.
lib: name:
let
  ascii = " !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~";
  codes = builtins.listToAttrs (
    lib.imap0 (index: character: lib.nameValuePair character (index + 32)) (lib.stringToCharacters ascii)
  );
  digit = number: builtins.substring number 1 "0123456789abcdef";
  hexadecimal = code: "\\x${digit (code / 16)}${digit (code - code / 16 * 16)}";
  escape =
    index: character:
    if character == "/" then
      "-"
    else if builtins.match "[A-Za-z0-9:_.]" character == null || index == 0 && character == "." then
      hexadecimal codes.${character}
    else
      character;
in
lib.concatStrings (lib.imap0 escape (lib.stringToCharacters name))
