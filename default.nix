# For those who do not use flakes:
#
#   { imports = [ ./deploy-finalize/nix/module.nix ]; services.deployFinalize.enable = true; }
#
# The rest, such as what deploy-rs needs: (import ./deploy-finalize { inherit pkgs; }).lib.deployRs
{
  pkgs ? import <nixpkgs> { },
}:
{
  package = pkgs.callPackage ./nix/package.nix { };
  module = ./nix/module.nix;
  overlay = import ./nix/overlay.nix;
  lib.deployRs = import ./nix/deploy-rs.nix { inherit (pkgs) lib; };
}
