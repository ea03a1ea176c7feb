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
          options.settings = mkOption {
            type = types.attrsOf (types.attrsOf types.anything);
            default = { };
          };
          options.environment = mkOption {
            type = types.attrsOf types.str;
            default = { };
          };
        }
      );
    };
  machines = mkOption {
    default = { };
    type = types.attrsOf types.raw;
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
    woodpecker-agents.agents = instances false;
    hercules-ci-agent.enable = lib.mkEnableOption "the agent of Hercules";
    hydra.enable = lib.mkEnableOption "Hydra";
    buildbot-worker.enable = lib.mkEnableOption "a worker of Buildbot";
    cachix-agent.enable = lib.mkEnableOption "the agent of Cachix";
    hydra-builder.enable = lib.mkEnableOption "the builder of Hydra";
    concourse-worker.enable = lib.mkEnableOption "a worker of Concourse";
    garm.enable = lib.mkEnableOption "garm";
  };
  # What a machine runs is a plain value here.
  options.containers = machines;
  options.microvm.vms = machines;
}
