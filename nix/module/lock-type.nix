# The value of `lock`.
{ lib }:
let
  inherit (lib) mkOption types;
  finalizeTypes = import ./types.nix { inherit lib; };
  option =
    type: default: description:
    mkOption { inherit type default description; };
  orNull = type: option (types.nullOr type) null;
in
types.submodule {
  options = {
    backend = mkOption {
      type = types.enum [
        "fleetlock"
        "etcd"
      ];
      description = "What keeps the slots: `fleetlock`, a server of that protocol, such as Airlock; or `etcd`.";
    };
    group = option finalizeTypes.groupName "default" "The hosts that share the slots: letters, digits, dots and dashes.";

    timeout = option finalizeTypes.fractionOfSeconds 10 "How long one request may take, in seconds.";
    retry = option finalizeTypes.fractionOfSeconds 30 "How long to wait between two tries, in seconds; each host adds or takes up to a half.";
    deadline = option finalizeTypes.wholeSeconds 86400 "How long to wait for a slot, in seconds.";
    onDeadline = option (types.enum [
      "give-up"
      "proceed"
    ]) "give-up" "What then: `give-up` ends as failed and does nothing; `proceed` reboots without a slot.";

    caFile = orNull finalizeTypes.absolutePath "The certificates to trust. Null: those of the system.";
    certFile = orNull finalizeTypes.absolutePath "The certificate of this host. It goes with `keyFile`.";
    keyFile = orNull finalizeTypes.secretFile "The key of `certFile`, which only root may read.";

    url = orNull finalizeTypes.serverAddress "What comes before `/v1/pre-reboot`. Only for `fleetlock`.";

    endpoints = orNull (types.nonEmptyListOf finalizeTypes.serverAddress) "Addresses of the cluster's members. Only for `etcd`.";
    prefix = orNull finalizeTypes.keyPrefix "What the keys begin with, without a slash at the end. Null: `deploy-finalize`. Only for `etcd`.";
    slots = orNull (types.ints.between 1 9999) "How many hosts of the group may hold a slot at once. Null: 1. Only for `etcd`.";
    lease = orNull finalizeTypes.someSeconds "After how many seconds a slot that nobody renews is free again. Null: never. Only for `etcd`.";
    username = orNull types.nonEmptyStr "The user at the cluster. It goes with `passwordFile`. Only for `etcd`.";
    passwordFile = orNull finalizeTypes.secretFile "The file with the password of `username`, which only root may read. Only for `etcd`.";
  };
}
