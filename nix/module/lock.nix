# The fleet lock, of which the hosts of a fleet take a slot before they act.
{ config, lib, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.services.deployFinalize;
  finalizeTypes = import ./types.nix { inherit lib; };
  inherit (finalizeTypes) option orNull;

  lock.options = {
    backend = mkOption {
      type = types.enum [
        "fleetlock"
        "etcd"
      ];
      description = "What keeps the slots: `fleetlock`, a server of that protocol, such as Airlock; or `etcd`.";
    };
    group = option finalizeTypes.groupName "default" "The hosts that share the slots: letters, digits, dots and dashes.";

    for = option (types.listOf (types.enum [
      "switch"
      "reboot"
    ])) [ "reboot" ] ''
      The acts that need a slot. An empty list: none, if the etcd is only there for the rollouts of
      `services.deployFinalize.fleet`.
    '';

    id = orNull finalizeTypes.holderName ''
      The name of this host with the lock server, which no other host has. Null: derived from the
      machine id. `zincati`: derived as Zincati does, for a server that drains nodes. Hosts that were
      cloned with one machine id need a text, such as `config.networking.hostName`.
    '';

    timeout = option finalizeTypes.fractionOfSeconds 10 "How long one request may take, in seconds.";
    retry = option finalizeTypes.fractionOfSeconds 30 "How long to wait between two tries, in seconds; each host adds or takes up to a half.";
    deadline = option finalizeTypes.wholeSeconds 86400 "How long to wait for a slot, in seconds.";
    onDeadline = option (types.enum [
      "give-up"
      "proceed"
    ]) "give-up" "What then: `give-up` ends as failed and does nothing; `proceed` acts without a slot.";

    onRollback = option (types.enum [
      "keep"
      "give-back"
    ]) "keep" ''
      What becomes of the slot of a host that rolled back. `keep`: the host keeps it, so no other host of
      the group acts on the same bad deploy. `give-back`: it gives the slot back, and the next host
      tries.
    '';

    caFile = orNull finalizeTypes.absolutePath "The certificates to trust. Null: those of the system.";
    certFile = orNull finalizeTypes.absolutePath "The certificate of this host. It goes with `keyFile`.";
    keyFile = orNull finalizeTypes.secretFile "The key of `certFile`, which only root may read.";

    url = orNull finalizeTypes.serverAddress "What comes before `/v1/pre-reboot`. Only for `fleetlock`.";

    endpoints = orNull (types.nonEmptyListOf finalizeTypes.serverAddress) "Addresses of the cluster's members. Only for `etcd`.";
    prefix = orNull finalizeTypes.keyPrefix "What the keys begin with, without a slash at the end. Null: `deploy-finalize`. Only for `etcd`.";
    slots = orNull finalizeTypes.slots "How many hosts of the group may hold a slot at once. Null: 1. Only for `etcd`.";
    lease = orNull finalizeTypes.someSeconds "After how many seconds a slot that nobody renews is free again. Null: never. Only for `etcd`.";
    username = orNull finalizeTypes.someText "The user at the cluster. It goes with `passwordFile`. Only for `etcd`.";
    passwordFile = orNull finalizeTypes.secretFile "The file with the password of `username`, which only root may read. Only for `etcd`.";
  };
in
{
  options.services.deployFinalize.lock = mkOption {
    type = types.nullOr (types.submodule lock);
    default = null;
    example = {
      backend = "fleetlock";
      url = "http://airlock.example.org:3333";
    };
    description = ''
      The fleet lock. The host takes a slot before a reboot, or before each act of `for`, and gives it back after the
      verification. A host that fails or rolls back keeps its slot, so that the rollout stops there. Null: no
      lock.
    '';
  };

  config.services.deployFinalize.generated.lock =
    if cfg.lock == null then null else finalizeTypes.withoutNulls cfg.lock;
}
