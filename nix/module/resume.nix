# The unit that takes up, after a boot, what has not ended.
{ config, lib, ... }:
let
  cfg = config.services.deployFinalize;
  metricsFile = cfg.settings.report.metricsFile or cfg.report.metricsFile;
  # One path in a list of paths of a unit; one that is not there is left out.
  writable = path: builtins.toJSON "-${lib.replaceStrings [ "%" ] [ "%%" ] (toString path)}";
in
{
  config = lib.mkIf cfg.enable {
    systemd.services.deploy-finalize-resume = {
      description = "Take up unfinished finalizations";
      documentation = [ "man:deploy-finalize(8)" ];
      wantedBy = [ "multi-user.target" ];
      # Nothing waits for it, so that it never holds up the boot.
      after = [ "multi-user.target" ];
      # No condition either: a unit that was skipped is started by the next switch.
      restartIfChanged = false;
      unitConfig.X-StopOnRemoval = false;
      serviceConfig = {
        Type = "oneshot";
        # Without it every switch would start it again.
        RemainAfterExit = true;
        ExecStart = "${lib.getExe config.system.build.deployFinalize} resume";

        # For the notice at logins, which has to outlive this unit.
        RuntimeDirectory = "deploy-finalize";
        RuntimeDirectoryPreserve = true;

        # It reads records and asks systemd to start units; those are not bound by any of
        # this. A record that cannot be read is set aside, and its pins are removed.
        ProtectSystem = "strict";
        ProtectHome = "read-only";
        ReadWritePaths = map writable (
          [
            (cfg.settings.stateDir or cfg.stateDir)
            "/nix/var/nix/gcroots/deploy-finalize"
          ]
          # After a boot the metrics are written anew.
          ++ lib.optional (metricsFile != null) (dirOf metricsFile)
        );
        # systemd knows root by its user id: no capability is needed to ask it.
        CapabilityBoundingSet = "";
        NoNewPrivileges = true;
        RestrictAddressFamilies = [ "AF_UNIX" ];
        PrivateNetwork = true;
        PrivateTmp = true;
        PrivateDevices = true;
        ProtectClock = true;
        ProtectControlGroups = true;
        ProtectHostname = true;
        ProtectKernelLogs = true;
        ProtectKernelModules = true;
        ProtectKernelTunables = true;
        LockPersonality = true;
        RestrictNamespaces = true;
        RestrictRealtime = true;
        RestrictSUIDSGID = true;
        SystemCallArchitectures = "native";
        UMask = "0077";
        # Not MemoryDenyWriteExecute: Node makes code at run time and crashes with it. Not
        # PrivateUsers: systemd would not take its root for root.
      };
    };
  };
}
