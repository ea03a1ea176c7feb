# What has to hold after acting.
{ config, lib, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.services.deployFinalize.verify;
  finalizeTypes = import ./types.nix { inherit lib; };
in
{
  options.services.deployFinalize.verify = {
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
      type = types.listOf (import ./check-type.nix { inherit lib; });
      default = [ ];
      example = [
        {
          kind = "http";
          url = "http://127.0.0.1:8080/health";
        }
        {
          kind = "unit";
          unit = "nginx.service";
        }
      ];
      description = "What else has to hold. Each is tried until it holds or its deadline has passed.";
    };

    confirm = mkOption {
      type = types.nullOr (
        types.submodule {
          options.within = mkOption {
            type = finalizeTypes.someSeconds;
            example = 600;
            description = "How long to wait for the confirmation, in seconds.";
          };
        }
      );
      default = null;
      example = {
        within = 600;
      };
      description = ''
        Whether somebody has to run `deploy-finalize confirm` after acting, and within which time.
        Without it the host goes back.
      '';
    };
  };

  config = {
    services.deployFinalize.generated.verify = {
      inherit (cfg) settle ignoreFailedUnits confirm;
      checks = map finalizeTypes.withoutNulls cfg.checks;
    };
    assertions = lib.mkIf config.services.deployFinalize.enable (
      import ./check-rules.nix { inherit lib; } cfg.checks
    );
  };
}
