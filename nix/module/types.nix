# The single values of the configuration. Each type takes no more than the program
# does (src/core/config-schema-parts.ts): test/nix/options-property.test.ts.
{ lib }:
let
  inherit (lib) types;
  matching =
    name: description: check:
    types.addCheck types.str check // { inherit name description; };
  matches = pattern: text: builtins.match pattern text != null;
  isLine = text: !(lib.hasInfix "\n" text);
  isBlank = matches "[[:space:]]*";
  isWebAddress = import ./web-address.nix { inherit lib; };
  # However it is spelt.
  partsOf = file: lib.filter (part: part != "" && part != ".") (lib.splitString "/" file);
  plain = file: "/${lib.concatStringsSep "/" (partsOf file)}/";
  isInStore =
    file: lib.any (store: lib.hasPrefix (plain store) (plain file)) [ "/nix/store" builtins.storeDir ];
  # A year: more is a mistake.
  longestSpan = 366 * 86400;
in
{
  # Null in an option means that its key is not in the file.
  withoutNulls = lib.filterAttrsRecursive (_: value: value != null);

  wholeSeconds = types.ints.between 0 longestSpan;
  someSeconds = types.ints.between 1 longestSpan;
  fractionOfSeconds = types.numbers.between 0.05 longestSpan;

  # Not `types.path`: a path literal would be copied to the store.
  absolutePath = matching "absolutePath" "absolute path, as a string" (lib.hasPrefix "/");
  # What is in the store can be read by everybody on the host. It is read where it
  # lies, by root, so no unit has to be given it.
  secretFile = matching "secretFile" "absolute path without .., as a string, of a file that is not in the store" (
    file: lib.hasPrefix "/" file && !(lib.elem ".." (partsOf file)) && !(isInStore file)
  );
  componentName = matching "componentName" "file name without a slash" (
    name: matches "[^/]+" name && name != "." && name != ".."
  );
  unitName = matching "unitName" "name of a unit with its suffix, such as nginx.service" (
    matches "[A-Za-z0-9_:.\\@][A-Za-z0-9_:.\\@-]*\\.[a-z]+"
  );
  unitGlob = matching "unitGlob" "name of a unit, or a glob with * and ?" (
    matches "[A-Za-z0-9_:.\\@*?-]+"
  );
  # Whether systemd takes it is seen on the host only, when a deploy is scheduled.
  calendarExpression = matching "calendarExpression" "calendar expression, such as Sat 02:00 Europe/Berlin" (
    text: isLine text && !isBlank text
  );
  plainLine = matching "plainLine" "one line of plain text" (
    text: matches "[^[:cntrl:]]+" text && !isBlank text
  );
  webAddress = matching "webAddress" "address that begins with http:// or https://, without user and password" isWebAddress;
  serverAddress = matching "serverAddress" "address that begins with http:// or https://, without user and password, query and fragment" (
    address: isWebAddress address && matches "[^?#]*" address
  );
  pattern = matching "pattern" "regular expression of JavaScript, without look-behind and named groups" (
    import ./pattern.nix { inherit lib; }
  );
  command =
    types.addCheck (types.nonEmptyListOf types.str) (words: builtins.head words != "")
    // {
      name = "command";
      description = "program and its arguments (non-empty list of string)";
    };
  port = types.ints.between 1 65535;
  groupName = matching "groupName" "name of letters, digits, dots and dashes" (
    matches "[a-zA-Z0-9.-]+"
  );
  keyPrefix = matching "keyPrefix" "non-empty string without a slash at its end" (
    prefix: prefix != "" && !(lib.hasSuffix "/" prefix)
  );
}
