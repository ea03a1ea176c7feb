# When and how the host switches, and how the hosts of a fleet share their windows.
{ config, lib, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.services.deployFinalize;
  finalizeTypes = import ./types.nix { inherit lib; };
in
{
  options.services.deployFinalize = {
    switch.sessions = {
      grace = mkOption {
        type = finalizeTypes.wholeSeconds;
        default = 60;
        description = ''
          How long people at a terminal or a desktop are given before a switch that may end their
          session, in seconds, because it stops the display manager or what else holds the session.
        '';
      };
      message = mkOption {
        type = types.nullOr finalizeTypes.plainLine;
        default = "This host switches to a deployed system, which may end your session.";
        description = ''
          What they are told, on all their terminals. Null tells nobody; with `grace = 0` too nobody is
          looked for.
        '';
      };
    };

    switch.window = mkOption {
      type = types.nullOr finalizeTypes.windows;
      default = null;
      example = [
        {
          start = "Mon..Fri 06:00 Europe/Berlin";
          duration = "1h";
        }
        {
          start = "Sat 02:00 Europe/Berlin";
          duration = "6h";
        }
      ];
      description = ''
        When the host may switch: one window, or a list of windows. Outside of them a switch is put
        off until one opens next, as a reboot is by `reboot.window`. Null: always.
      '';
    };

    stagger = mkOption {
      type = finalizeTypes.wholeSeconds;
      default = 0;
      example = "30min";
      description = ''
        By how much the hosts of a fleet open their windows one after the other, at most. Each host
        adds an offset to each start of `reboot.window` and `switch.window`. The offset comes from
        the machine ID, so it stays the same, as with `FixedRandomDelay` of systemd timers. At least
        half of each window remains. It has to be shorter than each window. Without a window it has
        no effect: a delay is not staggered.
      '';
    };
  };

  config.services.deployFinalize.generated = {
    inherit (cfg) stagger;
    switch = { inherit (cfg.switch) sessions window; };
  };
}
