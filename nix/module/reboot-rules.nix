# What `reboot` has to fulfil beyond its types: assertions.
{ lib }:
let
  inherit (import ./requirements.nix { inherit lib; }) at require;
in
{
  allow,
  method,
  window,
  ...
}:
[
  (require (allow != false || window == null)
    "${at "reboot.window"} is set, but ${at "reboot.allow"} is false: a reboot window without reboots. Remove one of them."
  )
  (require (
    allow != false || method == "reboot"
  ) "${at "reboot.method"} is ${builtins.toJSON method}, but ${at "reboot.allow"} is false. Remove one of them.")
]
