# What is made the running system, and when.
{
  config,
  lib,
  options,
  ...
}:
let
  inherit (lib) literalExpression mkOption types;
  cfg = config.services.deployFinalize;
  finalizeTypes = import ./types.nix { inherit lib; };
  inherit (import ./taken-over.nix { inherit config lib options; }) comin;
in
{
  options.services.deployFinalize = {
    delay = mkOption {
      type = types.nullOr finalizeTypes.wholeSeconds;
      default = null;
      example = "5min";
      description = ''
        The least time to wait before acting, in seconds. Null is automatic: none where the
        login session, a CI runner or the forge (`waitForJob` of a receiver) tells when the
        deploying job is over, else 60. A single deploy may ask for another one, also for none,
        with `--delay`.
      '';
    };

    profile = mkOption {
      type = finalizeTypes.absolutePath;
      default = if comin.isOn then comin.profile else "/nix/var/nix/profiles/system";
      defaultText = lib.literalMD "`\"/nix/var/nix/profiles/system\"`; with `takeOver.comin` that of comin";
      description = "The Nix profile whose system is made the running one.";
    };

    stateDir = mkOption {
      type = finalizeTypes.absolutePath;
      default = "/var/lib/deploy-finalize";
      description = ''
        Where the records of finalizations are kept. The folder above it has to be there, and
        both have to survive a reboot.
      '';
    };

    rebootWhenChanged = mkOption {
      type = types.listOf finalizeTypes.componentName;
      default = lib.optionals (!config.boot.isContainer) [
        "kernel"
        "initrd"
        "kernel-modules"
      ];
      defaultText = literalExpression ''
        if config.boot.isContainer then [ ] else [ "kernel" "initrd" "kernel-modules" ]
      '';
      example = [
        "kernel"
        "initrd"
        "kernel-modules"
        "kernel-params"
      ];
      description = ''
        Names in the system's folder in the store (`/run/current-system`) whose change needs a
        reboot instead of a switch. A container has no kernel of its own, so none there. It is
        still rebooted, which restarts the container only, where a switch would be refused:
        see `reboot.allow`.
      '';
    };
  };

  config.services.deployFinalize.generated = {
    inherit (cfg)
      delay
      profile
      stateDir
      rebootWhenChanged
      ;
  };
}
