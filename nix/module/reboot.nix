# Whether, when and how the host reboots.
{
  config,
  lib,
  options,
  ...
}:
let
  inherit (lib) mkOption types;
  cfg = config.services.deployFinalize;
  finalizeTypes = import ./types.nix { inherit lib; };
  inherit (import ./taken-over.nix { inherit config lib options; }) autoUpgrade;

  # The devices that stage 1 opens and whose passphrase it asks a person at the console for.
  initrd = config.boot.initrd or { };
  at = path: default: lib.attrByPath path default initrd;
  canReach = at [ "network" "ssh" "enable" ] false
    && (at [ "network" "enable" ] false || at [ "systemd" "network" "enable" ] false);
  isUnlocked =
    name: device:
    device.keyFile or null != null
    || device.tryEmptyPassphrase or false
    || device.fido2.credential or null != null
    || device.fido2.credentials or [ ] != [ ]
    || device.yubikey or null != null && !(device.yubikey.twoFactor or true)
    || at [ "clevis" "enable" ] false && lib.hasAttrByPath [ "clevis" "devices" name ] initrd
    # crypttab(5); `noauto` is not opened at boot.
    || lib.any (
      option: builtins.match "(tpm2-device|fido2-device|pkcs11-uri)=.+|noauto" option != null
    ) (device.crypttabExtraOpts or [ ]);
  asking = lib.filter (name: !isUnlocked name devices.${name}) (lib.attrNames devices);
  devices = at [ "luks" "devices" ] { };

  watchdog = lib.mkIf (cfg.enable && cfg.reboot.resetOnTrouble) (lib.mkDefault "30s");
in
{
  imports = [
    (lib.mkRenamedOptionModule
      [ "services" "deployFinalize" "resetOnTrouble" ]
      [ "services" "deployFinalize" "reboot" "resetOnTrouble" ]
    )
  ];

  options.services.deployFinalize.reboot = {
    allow = mkOption {
      type = types.bool;
      default = autoUpgrade.allowsReboot;
      defaultText = lib.literalMD "`true`; with `takeOver.autoUpgrade` that of `system.autoUpgrade.allowReboot`";
      description = ''
        Whether to reboot at all. If not, what can be switched to goes live and the finalization
        says that a reboot is required for the rest, such as a new kernel. Where the switch would
        be refused too, it ends as failed and nothing is changed.
      '';
    };

    method = mkOption {
      type = types.enum [
        "reboot"
        "kexec"
      ];
      default = "reboot";
      description = ''
        How to reboot: `kexec` starts the new kernel without firmware and boot loader, where the
        host can (`boot.kexec.enable`, no Secure Boot), and reboots where it cannot.
      '';
    };

    fallback = mkOption {
      type = types.enum [
        "auto"
        "require"
        "off"
      ];
      default = "auto";
      description = ''
        Whether the boot loader boots a target only once, with the previous system as the boot
        default until the target is verified: then a kernel that does not come up falls back by
        itself. `auto` does so where the loader can (systemd-boot, GRUB), `require` does not reboot
        where it cannot. What it takes: [one-shot-boot.md](one-shot-boot.md).
      '';
    };

    unattended = mkOption {
      type = types.enum [
        "warn"
        "require"
      ];
      default = "warn";
      description = ''
        What happens if the host would wait for a passphrase after the reboot (`reboot.passphrases`).
        `warn`: it reboots, and the evaluation, `schedule` and `explain` warn. `require`: it does not
        reboot, as if `reboot.allow` were false, except in an automatic rollback.
      '';
    };

    passphrases = mkOption {
      type = types.listOf finalizeTypes.someText;
      default = if canReach then [ ] else asking;
      defaultText = lib.literalMD "the devices of `boot.initrd.luks.devices` without key file, TPM2, FIDO2, Clevis and SSH in the initrd";
      example = [ "luksroot" ];
      description = ''
        The encrypted devices whose passphrase somebody has to type when this system boots. Set it to
        `[ ]` if they are unlocked in a way that the configuration does not show, such as a TPM2 that
        was enrolled by hand.
      '';
    };

    resetOnTrouble = mkOption {
      type = types.bool;
      default = false;
      description = ''
        Whether a kernel that panics or hangs is reset, which is what leads to the fallback: a panic
        by `panic=10` and `boot.panic_on_fail` among the kernel's parameters, a hang by
        systemd's runtime watchdog where the host has one. For a hang early in the boot
        its driver has to be in the initrd (`boot.initrd.kernelModules`).
      '';
    };

    window = mkOption {
      type = types.nullOr finalizeTypes.windows;
      default = autoUpgrade.window;
      defaultText = lib.literalMD "`null`; with `takeOver.autoUpgrade` that of `system.autoUpgrade.rebootWindow`";
      example = {
        start = "Sat 02:00 Europe/Berlin";
        duration = "3h";
      };
      description = ''
        When the host may reboot: one window, or a list of windows, each with its own duration.
        Outside of them a reboot is put off until one opens next; a switch does not wait for them
        (`switch.window`). Null: always.
      '';
    };

    whilePutOff = mkOption {
      type = types.enum [
        "wait"
        "switch"
      ];
      default = "wait";
      description = ''
        What happens to a deploy that needs a reboot while `reboot.window` is closed. `wait`: all of
        it waits for the reboot. `switch`: the host switches at once, so the services go live, and
        the parts that need a reboot follow with a reboot when the window opens. With
        `switch.window` it switches only in that window.
      '';
    };

    sessions = {
      grace = mkOption {
        type = finalizeTypes.wholeSeconds;
        default = 60;
        description = ''
          How long people who are logged in at a terminal or a desktop are given before a reboot,
          in seconds.
        '';
      };
      message = mkOption {
        type = types.nullOr finalizeTypes.plainLine;
        default = "This host reboots to bring a deployed system live.";
        description = "What they are told, on all their terminals. Null tells nobody.";
      };
    };
  };

  config = {
    services.deployFinalize.generated.reboot = removeAttrs cfg.reboot [ "resetOnTrouble" ];
    boot.kernelParams = lib.mkIf (cfg.enable && cfg.reboot.resetOnTrouble) [
      "panic=10"
      "boot.panic_on_fail"
    ];
    systemd =
      if options.systemd ? settings then
        { settings.Manager.RuntimeWatchdogSec = watchdog; }
      else
        # NixOS before 25.11.
        { watchdog.runtimeTime = watchdog; };
  };
}
