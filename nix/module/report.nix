# Who is told what becomes of a deploy.
{ config, lib, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.services.deployFinalize;
  finalizeTypes = import ./types.nix { inherit lib; };
  inherit (finalizeTypes) option orNull;
  event = types.enum [
    "scheduled"
    "waiting"
    "switching"
    "rebooting"
    "verifying"
    "rolling-back"
    "live"
    "rolled-back"
    "failed"
    "superseded"
    "cancelled"
  ];

  entries = import ./entries.nix { inherit lib; };

  receivers = entries.entries {
    kind = mkOption {
      type = types.enum [
        "gitea"
        "forgejo"
        "github"
        "gitlab"
        "github-deployment"
        "webhook"
        "ntfy"
        "gotify"
        "slack"
        "discord"
        "matrix"
        "command"
      ];
      description = ''
        What it is. The first four hold the status of the deployed commit; docs/reports.md says
        what each kind is told.
      '';
    };

    name = orNull finalizeTypes.receiverName "What it is called in the journal and the metrics. Null: as the entry is named.";
    events = orNull (types.nonEmptyListOf event) ''
      The states that it is told of. Null: `live`, `rolled-back` and `failed`; forges are also
      told `scheduled`, `superseded` and `cancelled`.
    '';
    caFile = orNull finalizeTypes.absolutePath "The certificates to trust. Null: those of the system.";

    url = orNull finalizeTypes.webAddress "The address of the server; of the topic for `ntfy`. GitHub's own is https://github.com.";
    urlFile = orNull finalizeTypes.secretFile "A file with the address, where the address is a secret: always for `slack` and `discord`.";
    tokenFile = orNull finalizeTypes.secretFile "A file with the token, which only root may read.";
    secretFile = orNull finalizeTypes.secretFile "A file with the key that signs the body. Only for `webhook`.";

    repository = orNull finalizeTypes.repositoryName "`owner/name`; on GitLab the number or path of the project. Null: that of a CI run on this forge. Only for forges.";
    link = orNull finalizeTypes.linkAddress "Where the status leads to; `{host}`, `{id}` and `{revision}` are filled in. Null: the CI run. Only for forges.";
    context = orNull finalizeTypes.someText "What the status is called. Null: `deploy-finalize/` and the host's name. Only for commit statuses.";
    waitForJob = orNull types.bool "Whether to wait until the forge says that the CI job has ended. Null: no. Only for commit statuses.";
    environment = orNull finalizeTypes.someText "What is deployed to, such as `production`. Only for `github-deployment`.";
    room = orNull finalizeTypes.roomId "The room, which the token's user has joined. Only for `matrix`.";
    command = orNull finalizeTypes.command "A program that gets the event as JSON on its standard input. Only for `command`.";
  };
in
{
  options.services.deployFinalize.report = {
    receivers = mkOption {
      type = receivers;
      default = { };
      example = {
        forge = {
          kind = "forgejo";
          url = "https://git.example.org";
          repository = "infra/hosts";
          tokenFile = "/run/secrets/forge-token";
        };
        phones = {
          kind = "ntfy";
          urlFile = "/run/secrets/ntfy-topic";
        };
      };
      description = ''
        Who is told, by name: commit statuses of forges, notifications, webhooks, commands. What is told
        waits until it can be delivered, also across a reboot. Secrets are read from their files
        at each try, so that they may change; they are never in the store.
      '';
    };

    metricsFile = mkOption {
      type = types.nullOr finalizeTypes.metricsFile;
      default = null;
      example = "/var/lib/node-exporter-textfiles/deploy_finalize.prom";
      description = ''
        Where metrics for Prometheus are written, in the folder of node_exporter's textfile
        collector, which has to be there and be root's: nobody else may write to it. Null: none.
      '';
    };

    timeout = option finalizeTypes.fractionOfSeconds 30 "How long one try to deliver may take, in seconds.";
    retry.first = option finalizeTypes.fractionOfSeconds 2 "How long to wait for the second try at most, in seconds. It doubles with each try.";
    retry.most = option finalizeTypes.fractionOfSeconds 300 "How long to wait between two tries at most, in seconds.";
    giveUpAfter = option finalizeTypes.someSeconds 86400 "After how many seconds a report that cannot be delivered is given up.";
  };

  config.services.deployFinalize.generated.report = cfg.report // {
    receivers = map finalizeTypes.withoutNulls (entries.toList entries.called cfg.report.receivers);
  };
  config.warnings = lib.mkIf cfg.enable (entries.warning "report.receivers" cfg.report.receivers);
}
