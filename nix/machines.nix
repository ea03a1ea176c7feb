# The containers and virtual machines of a configuration in which it declares a CI runner, as entries
# of `waitFor.runners`: notes/runners-in-machines.md.
{
  lib,
  utils,
  containers,
  vms,
}:
let
  # What a machine is made of may be unknown here: a path, or another flake.
  known =
    value:
    let
      tried = builtins.tryEval value;
    in
    if tried.success then tried.value else { };
  hasRunner = services: import ./runners.nix { inherit lib utils services; } != [ ];
  entries =
    preset: prefix: servicesOf: machines:
    map (name: {
      unit = "${prefix}@${name}.service";
      inherit preset;
    }) (lib.filter (name: hasRunner (known (servicesOf name machines.${name}))) (lib.attrNames machines));

  inVm =
    name: vm: if vm.flake or null != null then vm.flake.nixosConfigurations.${name} else vm.config or null;
in
entries "nixos-container" "container" (_: container: container.config.services) containers
++ entries "microvm" "microvm" (
  name: vm:
  let
    system = inVm name vm;
  in
  if system == null then { } else system.config.services
) vms
