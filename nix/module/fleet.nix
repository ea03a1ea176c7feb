# The rollouts of a fleet, which go over its hosts wave by wave.
{ config, lib, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.services.deployFinalize;
  finalizeTypes = import ./types.nix { inherit lib; };
  inherit (finalizeTypes) option orNull;

  fleet.options = {
    group = orNull finalizeTypes.groupName "The hosts that a rollout goes over: letters, digits, dots and dashes. Null: the group of `lock`.";

    wave = mkOption {
      type = finalizeTypes.wave;
      example = 1;
      description = ''
        The wave of this host. The host acts when all hosts of the lower waves are live and have soaked.
        The hosts of wave 0 act first.
      '';
    };

    soak = option finalizeTypes.wholeSeconds 300 "How long a host has to stay healthy after its end before it counts as live, in seconds.";
    maxFailures = option finalizeTypes.failures 1 "The number of failed hosts with which a rollout halts.";
    joinWithin = option finalizeTypes.someSeconds 3600 "How long this host waits for a host of a lower wave that does not take part, in seconds.";
    onMissing = option (types.enum [
      "halt"
      "go-on-without"
    ]) "halt" "What then: `halt` halts the rollout; `go-on-without` does not wait for that host any more.";
  };
in
{
  options.services.deployFinalize.fleet = mkOption {
    type = types.nullOr (types.submodule fleet);
    default = null;
    example = {
      wave = 0;
    };
    description = ''
      The rollouts that this host takes part in: a deploy goes over the hosts of a group wave by wave,
      and halts when too many hosts have failed. It needs `services.deployFinalize.lock` with an etcd.
      A deploy needs a revision (`system.configurationRevision`) or `deploy-finalize schedule --rollout`.
      Null: this host takes part in none.
    '';
  };

  config.services.deployFinalize.generated.fleet =
    if cfg.fleet == null then null else finalizeTypes.withoutNulls cfg.fleet;
}
