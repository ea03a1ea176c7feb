# For those who do not use flakes:
#
#   let deploy-finalize = import ./deploy-finalize { inherit pkgs; };
#   in { imports = [ deploy-finalize.module ]; services.deployFinalize.enable = true; }
{
  pkgs ? import <nixpkgs> { },
}:
{
  package = pkgs.callPackage ./nix/package.nix { };
  module = ./nix/module.nix;
  overlay = import ./nix/overlay.nix;
  lib.deployRs = import ./nix/deploy-rs.nix { inherit (pkgs) lib; };
}
