# What `lock` has to fulfil beyond its type: assertions.
{ lib }:
let
  inherit (import ./requirements.nix { inherit lib; }) at keyOf together;
in
lock:
let
  place = at "lock";
  key = keyOf "backend" place lock;
  ofEtcd = name: key name [ "etcd" ] false;
in
lib.optionals (lock != null) (
  [
    (key "url" [ "fleetlock" ] true)
    (key "endpoints" [ "etcd" ] true)
    (together place lock "certFile" "keyFile")
    (together place lock "username" "passwordFile")
  ]
  ++ map ofEtcd [
    "prefix"
    "slots"
    "lease"
    "username"
    "passwordFile"
  ]
)
