# A host as NixOS would evaluate it: the given modules together with declarations
# that stand in for the parts of NixOS that our module sets or looks at.
{
  lib ? import ./default.nix,
  pkgs ? import ./pkgs.nix lib,
  # Of a nixpkgs that has other modules of runners, or none.
  runnerModules ? [ ./runner-options.nix ],
  modules,
}:
lib.evalModules {
  specialArgs = {
    inherit pkgs;
    modulesPath = if runnerModules == [ ] then ./. else ./modules-of-nixpkgs;
    utils.escapeSystemdPath = import ./escape-systemd-path.nix lib;
  };
  modules = [ ./nixos-options.nix ./upgrade-options.nix ] ++ runnerModules ++ modules;
}
