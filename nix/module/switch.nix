# How the host switches.
{ config, lib, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.services.deployFinalize;
  finalizeTypes = import ./types.nix { inherit lib; };
in
{
  options.services.deployFinalize.switch.sessions = {
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

  config.services.deployFinalize.generated.switch = { inherit (cfg.switch) sessions; };
}
