# Stand-ins for nixpkgs' modules of CI runners: the options that tell their units
# (notes/nixpkgs-runner-units.md), without the rest.
{ lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  instances =
    enable:
    mkOption {
      default = { };
      type = types.attrsOf (
        types.submodule {
          options.enable = mkOption {
            type = types.bool;
            default = enable;
          };
        }
      );
    };
  package =
    name:
    mkOption {
      type = types.package;
      default = pkgs.program name;
    };
in
{
  options.services = {
    gitea-actions-runner.package = package "act_runner";
    gitea-actions-runner.instances = instances false;
    forgejo-runner.instances = instances false;
    github-runners = instances false;
    gitlab-runner.enable = lib.mkEnableOption "the runner of GitLab";
    buildkite-agents = instances true;
  };
}
