# A stand-in for `system.autoUpgrade` of nixpkgs (notes/other-deployers.md): its options, and which commands its
# unit runs with them.
{ config, lib, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.system.autoUpgrade;
  value = type: default: mkOption { inherit type default; };
  text = types.str;
  time = types.strMatching "[[:digit:]]{2}:[[:digit:]]{2}";
  source = if cfg.flake == null then [ "--no-build-output" ] else [ "--refresh" "--flake ${cfg.flake}" ];
  flags = toString (source ++ cfg.flags ++ lib.optional cfg.upgrade "--upgrade");
in
{
  options.system.autoUpgrade = {
    enable = value types.bool false;
    operation = value (types.enum [ "switch" "boot" ]) "switch";
    flake = value (types.nullOr text) null;
    channel = value (types.nullOr text) null;
    upgrade = value types.bool true;
    flags = value (types.listOf text) [ ];
    dates = value text "04:40";
    allowReboot = value types.bool false;
    rebootWindow = value (types.nullOr (
      types.submodule {
        options.lower = mkOption { type = time; };
        options.upper = mkOption { type = time; };
      }
    )) null;
    randomizedDelaySec = value text "0";
    fixedRandomDelay = value types.bool false;
    persistent = value types.bool true;
    runGarbageCollection = value types.bool false;
  };

  config.systemd = lib.mkIf cfg.enable {
    services.nixos-upgrade = {
      description = "NixOS Upgrade";
      restartIfChanged = false;
      unitConfig.OnSuccess = lib.optional cfg.runGarbageCollection "nix-gc.service";
      serviceConfig = {
        Type = "oneshot";
        ExecStart =
          if cfg.allowReboot then "nixos-rebuild boot ${flags}; a reboot" else "nixos-rebuild ${cfg.operation} ${flags}";
      };
    };
    timers.nixos-upgrade.timerConfig = {
      OnCalendar = cfg.dates;
      RandomizedDelaySec = cfg.randomizedDelaySec;
      FixedRandomDelay = cfg.fixedRandomDelay;
      Persistent = cfg.persistent;
    };
  };
}
