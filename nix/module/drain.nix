# Makes the stop of each detected CI runner a drain: it finishes its job and takes no new one. The
# program looks at the unit and at its process. A process from before this configuration does not
# drain, so the program only watches it for jobs.
{
  config,
  lib,
  modulesPath,
  utils,
  ...
}:
let
  inherit (lib) mkDefault mkIf;
  cfg = config.services.deployFinalize;
  # `settings` count too. Not `effective`: its list of runners depends on the settings of runners, some of
  # which are made here. A wrong one is for the program to refuse.
  said = name: cfg.settings.waitFor.${name} or cfg.waitFor.${name};
  isWanted = cfg.enable && said "drainRunners" == true && cfg.waitFor.autoDetectRunners;
  inherit (import ./types.nix { inherit lib; }) secondsIn;
  given = secondsIn (said "timeout");
  timeout = if builtins.isInt given then given else 0;

  # As long as Gitea's and Forgejo's runners let a job run, if they are not told otherwise.
  seconds = lib.max 10800 timeout;
  # A duration as Go reads it.
  shutdownTimeout = "${toString seconds}s";

  # A part of the runner modules of nixpkgs, which has each of them only from some version on: an
  # option that nobody reads would swallow a mistake.
  folder = modulesPath + "/services/continuous-integration";
  has = names: lib.any (name: builtins.pathExists (folder + "/${name}")) names;
  # Their setting counts as the user's own; `more` is what their default would have said.
  settingsOf =
    more:
    lib.mkOption {
      type = lib.types.attrsOf (
        lib.types.submodule (
          { name, ... }:
          {
            config.settings.runner = mkIf isWanted (
              { shutdown_timeout = mkDefault shutdownTimeout; } // more name
            );
          }
        )
      );
    };

  inherit (config) services;
  timeoutOf = instance: instance.settings.runner.shutdown_timeout or null;
  # Somebody who gives jobs less time has their stop end them.
  lasts = lib.filterAttrs (_: instance: timeoutOf instance == shutdownTimeout);
  lasting = services // {
    gitea-actions-runner = (services.gitea-actions-runner or { }) // {
      instances = lasts (services.gitea-actions-runner.instances or { });
    };
    forgejo-runner.instances = lasts (services.forgejo-runner.instances or { });
  };
  declared = import ../runners.nix {
    inherit lib utils;
    services = lasting;
  };
  # What is detected is in the typed list anyway, and to read that would depend on much more.
  isNamed =
    runner:
    !(cfg.settings ? waitFor.runners)
    || lib.any (named: named.unit or null == runner.unit) cfg.settings.waitFor.runners;
  runners = lib.filter (runner: isNamed runner && signals ? ${runner.preset}) declared;

  # Stronger than what nixpkgs says, weaker than `mkForce`.
  set = lib.mkOverride 90;
  signals = {
    gitea-actions-runner = "SIGTERM";
    forgejo-runner = "SIGTERM";
    gitlab-runner = "SIGQUIT";
    buildkite-agent = "SIGTERM";
    # It lands: notes/ci-runners.md.
    concourse-worker = "SIGUSR1";
  };
  drained = runner: {
    name = lib.removeSuffix ".service" runner.unit;
    value = {
      environment.DEPLOY_FINALIZE_STOP = "drains";
      serviceConfig = {
        KillMode = set "mixed";
        KillSignal = set signals.${runner.preset};
        # The runner itself ends a job before that, and can tell the forge.
        TimeoutStopSec = set (seconds + 60);
      };
    };
  };
in
{
  options.services =
    lib.optionalAttrs (has [ "gitea-actions-runner.nix" "act-runner" ]) {
      gitea-actions-runner.instances = settingsOf (_: { });
    }
    // lib.optionalAttrs (has [ "forgejo-runner.nix" "act-runner/forgejo-runner.nix" ]) {
      forgejo-runner.instances = settingsOf (name: { name = mkDefault name; });
    };

  config.systemd.services = mkIf isWanted (
    lib.listToAttrs (map drained runners)
  );
}
