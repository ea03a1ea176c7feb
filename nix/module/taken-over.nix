# What the deployers that take-over.nix takes over say, in the terms of this module.
{
  config,
  lib,
  options,
}:
let
  cfg = config.services.deployFinalize;
  inherit (import ./types.nix { inherit lib; }) secondsIn;

  # What was said, which take-over.nix changes for the module of NixOS.
  said = name: lib.head options.system.autoUpgrade.${name}.definitions;
  mayReboot = (cfg.settings.reboot or { }).allow or cfg.reboot.allow;

  given = config.system.autoUpgrade.rebootWindow;
  times = lib.optionals (given != null) [
    given.lower
    given.upper
  ];
  isTime = time: builtins.match "([01][0-9]|2[0-3]):[0-5][0-9]|24:00" time != null;
  day = 24 * 3600;
  secondsAt =
    time:
    secondsIn (lib.concatStringsSep "h " (builtins.match "([0-9]{2}):([0-9]{2})" time) + "m");
  windowOf =
    { lower, upper, ... }:
    let
      length = secondsAt upper - secondsAt lower + (if secondsAt upper < secondsAt lower then day else 0);
      start = if lower == "24:00" then "00:00" else lower;
    in
    # From a time to the same time is the whole day.
    if length == 0 || length == day then
      null
    else
      {
        start = "*-*-* ${start}";
        duration = length;
      };
in
{
  autoUpgrade = rec {
    isOn = cfg.enable && cfg.takeOver.autoUpgrade && config.system.autoUpgrade.enable or false;
    operation = said "operation";
    allowsReboot = !isOn || said "allowReboot";
    wrongTimes = lib.filter (time: !isTime time) times;
    window = if isOn && mayReboot == true && times != [ ] && wrongTimes == [ ] then windowOf given else null;
  };

  comin = {
    isOn = cfg.enable && cfg.takeOver.comin && config.services.comin.enable or false;
    # The only profile that comin sets.
    profile = "/nix/var/nix/profiles/system-profiles/comin";
  };
}
