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

  declared =
    import ../runners.nix {
      inherit lib utils;
      inherit (config) services;
    }
    ++ import ../machines.nix {
      inherit lib utils;
      containers = config.containers or { };
      vms = config.microvm.vms or { };
    };
  entries = import ./entries.nix { inherit lib; };
  # The name of an entry is that of the unit, unless it names another.
  ofUnit =
    name: runner:
    runner
    // {
      unit =
        if runner.unit != null || name == null then
          runner.unit
        else if builtins.match ".*[.][a-z]+" name != null then
          name
        else
          "${name}.service";
    };
  own = map finalizeTypes.withoutNulls (entries.toList ofUnit cfg.runners);
  given = map (runner: runner.unit or null) own;
  detected = lib.filter (runner: !(lib.elem runner.unit given)) (
    declared
    ++ import ../runner-metrics.nix {
      inherit lib utils;
      inherit (config) services;
    }
  );

  detection.options = {
    kind = mkOption {
      type = types.enum [
        "processes"
        "containers"
        "process-name"
        "command"
        "metrics"
      ];
      description = ''
        When the runner runs a job. `processes`: while its control group holds a process beyond the
        main one. `containers`: while a container (Docker, Podman) runs whose name matches
        `pattern`. `process-name`: while its control group holds a process that matches `pattern`.
        `command`: if `command` ends with 0, and none if it ends with 1. `metrics`: while `metric`
        at `url` is more than 0.
      '';
    };

    pattern = mkOption {
      type = types.nullOr finalizeTypes.pattern;
      default = null;
      example = "^my-job-";
      description = ''
        What names of containers, or names and command lines of processes, have to match. Only
        for the kinds `containers` and `process-name`.
      '';
    };

    command = mkOption {
      type = types.nullOr finalizeTypes.command;
      default = null;
      example = lib.literalExpression ''[ (lib.getExe pkgs.my-runner) "is-busy" ]'';
      description = "A program and its arguments; there is no shell. Only for the kind `command`.";
    };

    url = mkOption {
      type = types.nullOr finalizeTypes.webAddress;
      default = null;
      example = "http://127.0.0.1:9101/metrics";
      description = ''
        Where the runner shows its metrics, as Prometheus reads them or as a JSON object. Only for the
        kind `metrics`.
      '';
    };

    metric = mkOption {
      type = types.nullOr finalizeTypes.metricName;
      default = null;
      example = "gitea_runner_job_running";
      description = ''
        The metric, or the name in the object, that counts the jobs that run now. Only for the kind
        `metrics`.
      '';
    };
  };

  runners = entries.entries {
    unit = mkOption {
      type = types.nullOr finalizeTypes.unitName;
      default = null;
      example = "gitea-runner-default.service";
      description = "The systemd unit of the runner, with its suffix. Null: as the entry is named.";
    };

    preset = finalizeTypes.orNull (types.enum [
      "gitea-actions-runner"
      "forgejo-runner"
      "github-runner"
      "gitlab-runner"
      "buildkite-agent"
      "woodpecker-agent"
      "hercules-ci-agent"
      "hydra"
      "hydra-builder"
      "buildbot-worker"
      "cachix-agent"
      "concourse-worker"
      "garm"
      "nixos-container"
      "microvm"
    ]) "Which runner it is, so that it is known how it shows its jobs. Either this or `detect`.";

    detect = finalizeTypes.orNull (types.submodule detection) "How to find out whether it runs a job. Either this or `preset`.";
  };

  before =
    default: description:
    mkOption {
      type = types.enum [
        "act"
        "reboot"
      ];
      inherit default description;
    };

  commands = entries.entries {
    name = mkOption {
      type = types.nullOr finalizeTypes.receiverName;
      default = null;
      example = "ceph";
      description = "What the gate is called after the word `command`. Null: as the entry is named.";
    };

    command = mkOption {
      type = finalizeTypes.command;
      example = lib.literalExpression ''[ (lib.getExe pkgs.my-cluster) "may-go-down" ]'';
      description = "A program and its arguments; there is no shell.";
    };

    timeout = finalizeTypes.option finalizeTypes.fractionOfSeconds 10 "How long one look may take, in seconds.";

    before = before "act" "What waits for it: `act`, each switch and each reboot; or `reboot`, only reboots.";
  };

  alerts.options = {
    url = mkOption {
      type = finalizeTypes.webAddress;
      example = "https://prometheus.example.org";
      description = "The address of the Prometheus: what comes before `/api/v1/alerts`.";
    };

    match = mkOption {
      type = types.nonEmptyListOf finalizeTypes.someText;
      default = [ "*" ];
      example = [ "Ceph*" ];
      description = ''
        Which alerts count, by their names: globs with `*` and `?`. Those of deploy-finalize itself
        count only if a glob begins with `DeployFinalize`.
      '';
    };

    ignore = mkOption {
      type = types.listOf finalizeTypes.someText;
      default = [ ];
      example = [ "Watchdog" ];
      description = "Which alerts do not count, by their names: globs with `*` and `?`.";
    };

    pending = finalizeTypes.option types.bool false "Whether alerts count too that are pending, so do not fire yet.";

    before = before "reboot" ''
      What waits for it: `reboot`, only reboots; or `act`, switches too. A deploy is often what ends
      an alert, and with `act` it would wait for that end.
    '';

    tokenFile = finalizeTypes.orNull finalizeTypes.secretFile "A file with a bearer token, which only root may read. Null: none is sent.";
    caFile = finalizeTypes.orNull finalizeTypes.absolutePath "The certificates to trust. Null: those of the system.";
    timeout = finalizeTypes.option finalizeTypes.fractionOfSeconds 10 "How long one request may take, in seconds.";
  };
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
        `services.gitlab-runner`, `services.buildkite-agents`, `services.woodpecker-agents`,
        `services.hercules-ci-agent`, `services.hydra`, `services.hydra-builder`,
        `services.buildbot-worker`, `services.cachix-agent`, `services.concourse-worker` or
        `services.garm`, on the host itself or in one of its `containers` or `microvm.vms`. What
        `waitFor.runners` says of the same unit wins.
      '';
    };

    runners = mkOption {
      type = runners;
      default = { };
      example = {
        my-runner.detect.kind = "processes";
      };
      description = ''
        CI runners on this host, by the name of their unit, whose jobs are waited for, besides those that
        `waitFor.autoDetectRunners` finds. A unit may stand in several entries, each with its
        own way to look.
      '';
    };

    drainRunners = mkOption {
      type = types.bool;
      default = true;
      description = ''
        Whether a runner that the act would stop is drained first: it finishes its job and takes
        no new one, and after the act it is started again. The module makes every stop of each
        detected runner do that, where the runner can (docs/ci.md), and gives it 3 hours, or `timeout`
        if that is longer. A shutdown of the host waits as long. Other runners are looked at.
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

    commands = mkOption {
      type = commands;
      default = { };
      example = lib.literalExpression ''
        {
          ceph = {
            command = [ (lib.getExe pkgs.my-cluster) "may-go-down" ];
            before = "reboot";
          };
        }
      '';
      description = ''
        Programs that are asked whether to act, by name. Exit code 0 lets it act. After exit code 1 it
        waits, with the last line of the output as the reason. After any other end it is not known, and
        it waits too. The program is run again every few seconds, and by `explain`, so it must change
        nothing. It gets `DEPLOY_FINALIZE_ID`, `DEPLOY_FINALIZE_ACTION` (`switch` or `reboot`) and
        `DEPLOY_FINALIZE_TARGET`.
      '';
    };

    alerts = mkOption {
      type = types.nullOr (types.submodule alerts);
      default = null;
      example = {
        url = "https://prometheus.example.org";
        ignore = [ "Watchdog" ];
      };
      description = ''
        The Prometheus whose firing alerts hold a reboot back. If it does not answer, the reboot waits
        too. Null: none.
      '';
    };

    storage = mkOption {
      type = types.listOf (
        types.enum [
          "md"
          "zfs"
          "btrfs"
        ]
      );
      default = [ ];
      example = [ "md" ];
      description = ''
        What a reboot must not cut off. `md`: resync, recovery, check, repair and reshape of software
        RAID. `zfs`: scrub, resilver, and what else a pool has in progress. `btrfs`: scrub, balance, and
        changes of devices and size.
      '';
    };

    timeout = mkOption {
      type = finalizeTypes.wholeSeconds;
      default = 3600;
      description = ''
        How long to wait for session, forge job, switch lock, runners, units, shutdown inhibitors,
        storage, alerts and commands, in seconds. Before an act for which a window is set
        (`reboot.window`, `switch.window`), all after the runners are bounded by the window instead.
      '';
    };

    onTimeout = mkOption {
      type = types.enum [
        "give-up"
        "proceed"
      ];
      default = "give-up";
      description = ''
        What happens after `timeout`. `give-up`: the finalization fails and nothing changes, but
        the next reboot boots the target. `proceed`: it acts, which may kill the job that it waited
        for. For the switch lock and inhibitors it is always `give-up`.
      '';
    };

    rollbackTimeout = mkOption {
      type = finalizeTypes.wholeSeconds;
      default = 300;
      description = ''
        How long a rollback waits for the jobs on the runners that it stops, in seconds. Then it
        ends them. Also how long it waits for the switch lock. Then it fails and names the holder. Also how long a
        rollback by reboot waits for a program that blocks the shutdown. Then it reboots all the same.
        Also how long a hook may hold a rollback by hand. Then it goes on without the hook.
      '';
    };
  };

  config.warnings = lib.mkIf config.services.deployFinalize.enable (
    entries.warning "waitFor.runners" cfg.runners ++ entries.warning "waitFor.commands" cfg.commands
  );
  config.services.deployFinalize.generated.waitFor = {
    inherit (cfg)
      session
      drainRunners
      units
      storage
      timeout
      onTimeout
      rollbackTimeout
      ;
    commands = entries.toList entries.called cfg.commands;
    alerts = if cfg.alerts == null then null else finalizeTypes.withoutNulls cfg.alerts;
    runners =
      own
      ++ lib.optionals cfg.autoDetectRunners detected;
  };
}
