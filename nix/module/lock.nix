# The lock that a fleet's hosts take before they reboot.
{ config, lib, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.services.deployFinalize;
  finalizeTypes = import ./types.nix { inherit lib; };
in
{
  options.services.deployFinalize.lock = mkOption {
    type = types.nullOr (import ./lock-type.nix { inherit lib; });
    default = null;
    example = {
      backend = "fleetlock";
      url = "http://airlock.example.org:3333";
    };
    description = ''
      The lock of which this host takes a slot before it reboots, and gives it back when the boot
      is verified. A host that fails keeps its slot, so that the fleet stops there. Null: no lock.
    '';
  };

  config = {
    services.deployFinalize.generated.lock =
      if cfg.lock == null then null else finalizeTypes.withoutNulls cfg.lock;
    assertions = lib.mkIf cfg.enable (import ./lock-rules.nix { inherit lib; } cfg.lock);
  };
}
