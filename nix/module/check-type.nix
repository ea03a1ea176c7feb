# One entry of `verify.checks`.
{ lib }:
let
  inherit (lib) mkOption types;
  finalizeTypes = import ./types.nix { inherit lib; };
  only =
    kind: type: description:
    mkOption {
      type = types.nullOr type;
      default = null;
      description = "${description} Only for the kind `${kind}`.";
    };
  time =
    type: default: description:
    mkOption { inherit type default description; };
in
types.submodule {
  options = {
    kind = mkOption {
      type = types.enum [
        "unit"
        "command"
        "http"
        "tcp"
      ];
      description = ''
        When it holds. `unit`: while the unit is active; `command`: when the command ends with 0;
        `http`: when the answer has the status and contains the text; `tcp`: when a connection is
        made.
      '';
    };

    name = mkOption {
      type = types.nullOr types.nonEmptyStr;
      default = null;
      example = "web shop";
      description = "What the check is called in the record. Null: it follows from the kind.";
    };

    timeout = time finalizeTypes.fractionOfSeconds 10 "How long one try may take, in seconds.";
    interval = time finalizeTypes.fractionOfSeconds 1 "How long to wait between two tries, in seconds.";
    deadline = time finalizeTypes.wholeSeconds 30 "How long it is tried again, in seconds from the first try.";

    unit = only "unit" finalizeTypes.unitName "The unit, with its suffix.";
    command = only "command" finalizeTypes.command "A program and its arguments; there is no shell.";
    url = only "http" finalizeTypes.webAddress "The address to ask.";
    status = only "http" (types.ints.between 100 599) "The status expected; null is any of 200 to 299.";
    body = only "http" types.str "Text that the answer has to contain.";
    host = only "tcp" types.nonEmptyStr "The host to connect to.";
    port = only "tcp" finalizeTypes.port "The port to connect to.";
  };
}
