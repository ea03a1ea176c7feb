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
  (require (allow || window == null)
    "${at "reboot.window"} is set, but ${at "reboot.allow"} is false: a reboot window without reboots. Remove one of them."
  )
  (require (
    allow || method == "reboot"
  ) "${at "reboot.method"} is \"${method}\", but ${at "reboot.allow"} is false. Remove one of them.")
]
