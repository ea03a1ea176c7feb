# Who is told what becomes of a deploy.
{ config, lib, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.services.deployFinalize;
  finalizeTypes = import ./types.nix { inherit lib; };
  reportTypes = import ./report-types.nix { inherit lib; };
  option =
    type: default: description:
    mkOption { inherit type default description; };
in
{
  options.services.deployFinalize.report = {
    receivers = mkOption {
      type = types.listOf (import ./receiver-type.nix { inherit lib; });
      default = [ ];
      example = [
        {
          kind = "forgejo";
          url = "https://git.example.org";
          repository = "infra/hosts";
          tokenFile = "/run/secrets/forge-token";
        }
        {
          kind = "ntfy";
          urlFile = "/run/secrets/ntfy-topic";
        }
      ];
      description = ''
        Who is told: commit statuses of forges, notifications, webhooks, commands. What is told
        waits until it can be delivered, also across a reboot. Secrets are read from their files
        at each try, so that they may change; they are never in the store.
      '';
    };

    metricsFile = mkOption {
      type = types.nullOr reportTypes.metricsFile;
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

  config = {
    services.deployFinalize.generated.report = cfg.report // {
      receivers = map finalizeTypes.withoutNulls cfg.report.receivers;
    };
    assertions = lib.mkIf cfg.enable (import ./receiver-rules.nix { inherit lib; } cfg.report.receivers);
  };
}
