# What it activates, and how.
{ config, lib, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.services.deployFinalize;
  finalizeTypes = import ./types.nix { inherit lib; };
in
{
  options.services.deployFinalize.specialisation = mkOption {
    type = types.nullOr finalizeTypes.componentName;
    default = "keep";
    example = "on-battery";
    description = ''
      The specialisation of the target to activate. `keep`: the one with the name of the running
      one, if one runs. Null: none. If the target has no specialisation of that name, the target
      itself is activated, with a warning. The profile and the boot default are always the target.
    '';
  };

  options.services.deployFinalize.guard.olderRun = mkOption {
    type = types.enum [
      "warn"
      "refuse"
      "off"
    ];
    default = "warn";
    description = ''
      What happens if a CI run comes to deploy after the deploy of a newer run of the same workflow.
      `warn`: the deploy goes on, and its output says so. `refuse`: nothing is scheduled, unless
      somebody has started that run again. `off`: runs are not compared.
    '';
  };

  options.services.deployFinalize.act = {
    switchTimeout = mkOption {
      type = types.nullOr finalizeTypes.someSeconds;
      default = null;
      example = 1800;
      description = ''
        The maximum time of a switch, in seconds. After it, the host ends the switch and rolls back.
        Null: no limit.
      '';
    };
  };

  config = {
    services.deployFinalize.generated = {
      inherit (cfg) specialisation;
      guard = { inherit (cfg.guard) olderRun; };
      act = { inherit (cfg.act) switchTimeout; };
    };

    # A user who can open the lock of switch-to-configuration, also only to read it, can hold it and
    # stop every deploy and every rollback.
    systemd.tmpfiles.rules = lib.mkIf cfg.enable [
      "d /run/nixos 0755 root root -"
      "f /run/nixos/switch-to-configuration.lock 0600 root root -"
    ];
  };
}
