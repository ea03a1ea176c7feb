# The single values of the configuration, named for the reference. Nix looks only at what kind
# of value it is; the rest is in src/core/config/, and `deploy-finalize check-config`
# checks it when the configuration file is built (program.nix).
{ lib }:
let
  inherit (lib) mkOption types;
  named = name: description: type: type // { inherit name description; };
  text = name: description: named name description types.str;
in
rec {
  # Null in an option means that its key is not in the file.
  withoutNulls = lib.filterAttrsRecursive (_: value: value != null);

  option = type: default: description: mkOption { inherit type default description; };
  orNull = type: option (types.nullOr type) null;

  # A number, or a text as systemd takes it (src/core/span.ts).
  span = name: limits: number: named name "span, ${limits}: seconds, or a text such as 5min" (types.either number types.str);
  wholeSeconds = span "wholeSeconds" "0 s to a year" types.ints.unsigned;
  someSeconds = span "someSeconds" "1 s to a year" types.ints.positive;
  fractionOfSeconds = span "fractionOfSeconds" "50 ms to a year" types.numbers.positive;
  # A span in whole seconds, never less; what is none is the program's to refuse.
  secondsIn =
    span:
    let
      parts = lib.filter builtins.isList (builtins.split "0*([0-9]+) *([a-z]*)" span);
      factors = { m = 60; h = 3600; d = 86400; w = 604800; };
      secondsOf =
        unit: if lib.hasPrefix "ms" unit then 1 else factors.${builtins.substring 0 1 unit} or 1;
      add = sum: part: sum + builtins.fromJSON (lib.head part) * secondsOf (lib.last part);
    in
    if builtins.isString span then lib.foldl' add 0 parts else span;
  # When a host may act. One window may come from several modules; it stays one in the file.
  windows =
    let
      window = types.submodule {
        options = {
          start = mkOption {
            type = calendarExpression;
            example = "Sat 02:00 Europe/Berlin";
            description = ''
              When it opens: a calendar expression of systemd (`systemd-analyze calendar`), with
              a time zone, or in the host's.
            '';
          };
          duration = mkOption {
            type = someSeconds;
            example = "3h";
            description = "For how long it is open.";
          };
        };
      };
      several = types.nonEmptyListOf window;
    in
    window
    // {
      name = "windows";
      description = "window, or list of windows";
      # Otherwise NixOS makes a plain submodule of it.
      getSubModules = null;
      check = value: builtins.isAttrs value || several.check value;
      merge =
        loc: definitions:
        if lib.all (definition: builtins.isAttrs definition.value) definitions then
          window.merge loc definitions
        else
          several.merge loc (
            map (definition: definition // { value = lib.toList definition.value; }) definitions
          );
    };
  port = named "port" "port number, 1 to 65535" types.ints.positive;
  httpStatus = named "httpStatus" "HTTP status, 100 to 599" types.ints.positive;
  wave = named "wave" "whole number, 0 to 9999" types.ints.unsigned;
  failures = named "failures" "whole number, 1 to 9999" types.ints.positive;
  slots = named "slots" "whole number, 1 to 9999" types.ints.positive;

  someText = text "someText" "text that is not blank";
  # Texts and not `types.path`: a path literal would be copied to the store.
  absolutePath = text "absolutePath" "absolute path, as a string";
  # What is in the store can be read by everybody on the host: contradictions.nix.
  secretFile = text "secretFile" "absolute path without .., as a string, of a file that is not in the store";
  metricsFile = text "metricsFile" "absolute path, as a string, that ends in .prom, of a file in a folder below /";
  componentName = text "componentName" "file name without a slash";
  unitName = text "unitName" "name of a unit with its suffix, such as nginx.service";
  unitGlob = text "unitGlob" "name of a unit, or a glob with * and ?";
  calendarExpression = text "calendarExpression" "calendar expression, such as Sat 02:00 Europe/Berlin";
  plainLine = text "plainLine" "one line of plain text";
  # A password would land in the store with the configuration file.
  webAddress =
    types.addCheck types.str (address: builtins.match "[^/]*//[^/?#]*@(.|\n)*" address == null)
    // {
      name = "webAddress";
      description = "address that begins with http:// or https://, without user and password";
    };
  webAddressWithUser = text "webAddressWithUser" "address that begins with http:// or https://";
  serverAddress = text "serverAddress" "address that begins with http:// or https://, without user and password, query and fragment";
  linkAddress = text "linkAddress" "address that begins with http:// or https://";
  pattern = text "pattern" "regular expression of JavaScript";
  command = named "command" "program and its arguments (non-empty list of string)" (
    types.nonEmptyListOf types.str
  );
  metricName = text "metricName" "name of a metric, without labels";
  holderName = text "holderName" "name of letters, digits, dots, dashes, _ and :";
  groupName = text "groupName" "name of letters, digits, dots and dashes";
  keyPrefix = text "keyPrefix" "non-empty string without a slash at its end";
  hookName = text "hookName" "name of letters, digits, dots, dashes and _, 64 at most";
  receiverName = text "receiverName" "name of lower-case letters, digits and dashes, 40 at most";
  repositoryName = text "repositoryName" "name of a repository, such as infra/hosts, and not its address";
  roomId = text "roomId" "id of a Matrix room, such as !abc:example.org";
}
