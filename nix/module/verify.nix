# What has to hold after acting, and what happens if it does not.
{ config, lib, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.services.deployFinalize;
  finalizeTypes = import ./types.nix { inherit lib; };
  inherit (finalizeTypes) option orNull;
  only =
    kind: type: description:
    orNull type "${description} Only for the kind `${kind}`.";

  entries = import ./entries.nix { inherit lib; };

  checks = entries.entries {
    kind = mkOption {
      type = types.enum [
        "unit"
        "command"
        "http"
        "tcp"
      ];
      description = ''
        When it holds. `unit`: while the unit is active. `command`: if the command ends with 0.
        `http`: if the answer has the status and contains the text. `tcp`: if a connection is
        made.
      '';
    };

    name = mkOption {
      type = types.nullOr finalizeTypes.someText;
      default = null;
      example = "web shop";
      description = "What the check is called in the record. Null: the name follows from the kind.";
    };

    timeout = option finalizeTypes.fractionOfSeconds 10 "How long one try may take, in seconds.";
    interval = option finalizeTypes.fractionOfSeconds 1 "How long to wait between two tries, in seconds.";
    deadline = option finalizeTypes.wholeSeconds 30 "How long it is tried again, in seconds from the first try.";

    unit = only "unit" finalizeTypes.unitName "The unit, with its suffix.";
    command = only "command" finalizeTypes.command "A program and its arguments; there is no shell.";
    url = only "http" finalizeTypes.webAddress "The address to ask.";
    status = only "http" finalizeTypes.httpStatus "The status expected; null is any of 200 to 299.";
    body = only "http" types.str "Text that the answer has to contain.";
    host = only "tcp" finalizeTypes.someText "The host to connect to.";
    port = only "tcp" finalizeTypes.port "The port to connect to.";
  };
in
{
  options.services.deployFinalize.rollback.enable = option types.bool true ''
    Whether the host rolls back to the previous system if something does not hold after acting. If
    not, the finalization ends as failed and the system stays as it is.
  '';

  options.services.deployFinalize.verify = {
    bootTimeout = mkOption {
      type = types.nullOr finalizeTypes.someSeconds;
      default = 600;
      description = ''
        How many seconds a boot may take to reach the default target. A target that takes longer
        fails its verification, so the host rolls back; a boot that ends in emergency or rescue mode
        fails at once. Null: no limit.
      '';
    };

    switchWarnAfter = mkOption {
      type = finalizeTypes.someSeconds;
      default = 600;
      description = ''
        After how many seconds a switch that has not ended is reported, with the jobs that systemd
        waits for.
      '';
    };

    settle = mkOption {
      type = finalizeTypes.wholeSeconds;
      default = 5;
      description = "How long units are watched after acting, in seconds.";
    };

    ignoreFailedUnits = mkOption {
      type = types.listOf finalizeTypes.unitGlob;
      default = [ ];
      example = [ "certificate-*.service" ];
      description = "Names of units, or globs with `*` and `?`, whose failure does not count.";
    };

    checks = mkOption {
      type = checks;
      default = { };
      example = {
        shop = {
          kind = "http";
          url = "http://127.0.0.1:8080/health";
        };
        nginx = {
          kind = "unit";
          unit = "nginx.service";
        };
      };
      description = "What else has to hold, by name. Each is tried until it holds or its deadline has passed.";
    };

    userUnits = mkOption {
      type = types.enum [
        "warn"
        "fail"
        "ignore"
      ];
      default = "warn";
      description = ''
        What it means if a unit of a running user manager has newly failed after the act. `warn`: the
        result names it. `fail`: the verification fails. `ignore`: user units are not examined.
      '';
    };

    confirm = mkOption {
      type = types.nullOr (
        types.submodule {
          options.within = mkOption {
            type = finalizeTypes.someSeconds;
            example = "10min";
            description = "How long to wait for the confirmation, in seconds.";
          };
        }
      );
      default = null;
      example = {
        within = "10min";
      };
      description = ''
        How long a person has to run `deploy-finalize confirm` after every deploy. Without a
        confirmation the host rolls back. Null: no confirmation is needed.
      '';
    };
  };

  config.warnings = lib.mkIf cfg.enable (entries.warning "verify.checks" cfg.verify.checks);
  config.services.deployFinalize.generated = {
    verify = {
      inherit (cfg.verify) bootTimeout switchWarnAfter settle ignoreFailedUnits userUnits confirm;
      checks = map finalizeTypes.withoutNulls (entries.toList entries.called cfg.verify.checks);
    };
    rollback = { inherit (cfg.rollback) enable; };
  };
}
