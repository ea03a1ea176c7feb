# A stand-in for the module of comin (notes/other-deployers.md): the options that say what it deploys, and its unit.
{ config, lib, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.services.comin;
  value = type: default: mkOption { inherit type default; };
  set = options: value (types.submodule { inherit options; }) { };
  branch = name: operation: set {
    name = value types.str name;
    operation = value (types.enum [ "switch" "test" "boot" ]) operation;
  };
in
{
  options.services.comin = {
    enable = value types.bool false;
    hostname = value types.str "web";
    remotes = mkOption {
      description = "What it pulls.";
      type = types.listOf (
        types.submodule {
          options = {
            name = mkOption { type = types.str; };
            url = mkOption { type = types.str; };
            branches = set {
              main = branch "main" "switch";
              testing = branch "testing-${cfg.hostname}" "test";
            };
          };
        }
      );
    };
    postDeploymentCommand = mkOption {
      description = "What it runs after each deployment.";
      type = types.nullOr types.path;
      default = null;
    };
  };
  config.systemd.services = lib.mkIf cfg.enable {
    comin = {
      restartIfChanged = false;
      serviceConfig.Restart = "always";
    };
  };
}
