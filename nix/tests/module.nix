# The module in a whole NixOS configuration: it evaluates, and what it installs is there and
# starts. Without a virtual machine, so quick.
{ pkgs }:
let
  nixos = import (pkgs.path + "/nixos/lib/eval-config.nix") {
    inherit (pkgs.stdenv.hostPlatform) system;
    modules = [
      ../module.nix
      {
        boot.isContainer = true;
        system.stateVersion = pkgs.lib.trivial.release;
        services.deployFinalize.enable = true;
      }
    ];
  };
  inherit (nixos.config.system.build) deployFinalize;
  unit = name: "${nixos.config.systemd.units.${name}.unit}/${name}";
in
pkgs.runCommand "deploy-finalize-module" { } ''
  ${pkgs.lib.getExe deployFinalize} --version
  test -e ${deployFinalize}/share/man/man8/deploy-finalize.8.gz
  grep -q '^ExecStart=.* resume' ${unit "deploy-finalize-resume.service"}
  grep -q '^ExecStart=.* resume' ${unit "deploy-finalize-stuck-boot.service"}
  grep -q '^DefaultDependencies=false' ${unit "deploy-finalize-stuck-boot.service"}
  grep -q '^OnBootSec=120' ${unit "deploy-finalize-stuck-boot.timer"}
  touch $out
''
