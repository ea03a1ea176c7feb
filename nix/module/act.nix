# Going back.
{ config, lib, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.services.deployFinalize;
in
{
  options.services.deployFinalize = {
    rollback.enable = mkOption {
      type = types.bool;
      default = true;
      description = ''
        Whether to go back to the previous system when something does not hold after acting. If
        not, the finalization ends as failed and the system stays as it is.
      '';
    };
  };

  config.services.deployFinalize.generated = {
    rollback = { inherit (cfg.rollback) enable; };
  };
}
