# What is waited for before acting.
{
  config,
  lib,
  utils,
  ...
}:
let
  inherit (lib) mkOption types;
  cfg = config.services.deployFinalize.waitFor;
  finalizeTypes = import ./types.nix { inherit lib; };

  declared = import ../runners.nix {
    inherit lib utils;
    inherit (config) services;
  };
  given = map (runner: runner.unit) cfg.runners;
  detected = lib.filter (runner: !(lib.elem runner.unit given)) declared;
in
{
  options.services.deployFinalize.waitFor = {
    session = mkOption {
      type = types.bool;
      default = true;
      description = ''
        Whether to wait until the login session that scheduled has closed. One at a terminal is
        not waited for.
      '';
    };

    autoDetectRunners = mkOption {
      type = types.bool;
      default = true;
      description = ''
        Whether to wait for the jobs of every CI runner that this configuration enables by
        `services.gitea-actions-runner`, `services.forgejo-runner`, `services.github-runners`,
        `services.gitlab-runner` or `services.buildkite-agents`. What `waitFor.runners` says of
        the same unit wins.
      '';
    };

    runners = mkOption {
      type = types.listOf (import ./runner-type.nix { inherit lib; });
      default = [ ];
      example = [
        {
          unit = "my-runner.service";
          detect.kind = "processes";
        }
      ];
      description = ''
        CI runners on this host whose jobs are waited for, besides those that
        `waitFor.autoDetectRunners` finds. A unit may stand in several entries, each with its
        own way to look.
      '';
    };

    units = mkOption {
      type = types.listOf finalizeTypes.unitGlob;
      default = [ ];
      example = [ "borgbackup-job-*.service" ];
      description = ''
        Units that must not be interrupted while they run, such as backups: names, or globs with
        `*` and `?`. Those that the act would not stop are not waited for.
      '';
    };

    timeout = mkOption {
      type = finalizeTypes.wholeSeconds;
      default = 3600;
      description = ''
        How long to wait for session, forge job, switch lock, runners, units and shutdown
        inhibitors, in seconds. Before a reboot for which `reboot.window` is set, units and
        inhibitors are bounded by the window instead.
      '';
    };

    onTimeout = mkOption {
      type = types.enum [
        "give-up"
        "proceed"
      ];
      default = "give-up";
      description = ''
        What then: `give-up` ends as failed and does nothing, the target stays the boot default;
        `proceed` goes on, which may kill the job that was waited for. For the switch lock and
        inhibitors it is always `give-up`.
      '';
    };
  };

  config = {
    services.deployFinalize.generated.waitFor = {
      inherit (cfg)
        session
        units
        timeout
        onTimeout
        ;
      runners =
        map finalizeTypes.withoutNulls cfg.runners
        ++ lib.optionals cfg.autoDetectRunners detected;
    };
    assertions = lib.mkIf config.services.deployFinalize.enable (
      import ./runner-rules.nix { inherit lib; } cfg.runners
    );
  };
}
