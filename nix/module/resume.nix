# The units that take up, after a boot, what has not ended.
{ config, lib, ... }:
let
  cfg = config.services.deployFinalize;
  metricsFile = cfg.settings.report.metricsFile or cfg.report.metricsFile;
  inherit (import ./types.nix { inherit lib; }) secondsIn;
  bootTimeout = secondsIn (cfg.settings.verify.bootTimeout or cfg.verify.bootTimeout);
  # One path in a list of paths of a unit; one that is not there is left out.
  writable = path: builtins.toJSON "-${lib.replaceStrings [ "%" ] [ "%%" ] (toString path)}";

  resume = {
    documentation = [ "man:deploy-finalize(8)" ];
    # No condition: a unit that was skipped is started by the next switch.
    restartIfChanged = false;
    unitConfig = {
      X-StopOnRemoval = false;
      StartLimitIntervalSec = 0;
    };
    serviceConfig = {
      # Not oneshot: before systemd 256 that bears no RestartForceExitStatus.
      Type = "exec";
      ExecStart = "${lib.getExe config.system.build.deployFinalize} resume";

      # Whatever ends it early, such as a kill or a full disk: nothing else continues the
      # finalizations. A death by one of these signals, before the program listens to them, is a
      # clean end for systemd, but none for us.
      Restart = "on-failure";
      RestartForceExitStatus = "SIGTERM SIGINT SIGHUP SIGPIPE";
      RestartSec = 1;
      RestartSteps = 8;
      RestartMaxDelaySec = "5min";

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
        # After a boot the program writes the metrics again.
        ++ lib.optional (metricsFile != null) (dirOf metricsFile)
      );
      # systemd knows root by its user id: no capability is needed to ask it.
      CapabilityBoundingSet = "";
      NoNewPrivileges = true;
      RestrictAddressFamilies = [ "AF_UNIX" ];
      PrivateNetwork = true;
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
      SystemCallFilter = [
        "@system-service"
        "~@privileged @resources"
      ];
      SystemCallErrorNumber = "EPERM";
      UMask = "0077";
      # Not MemoryDenyWriteExecute: Node makes code at run time and crashes with it. Not
      # PrivateUsers: systemd would not take its root for root.
    };
  };

  # Starts in any boot, and survives when somebody enters rescue mode.
  early = {
    before = [ "shutdown.target" ];
    conflicts = [ "shutdown.target" ];
    unitConfig = {
      DefaultDependencies = false;
      IgnoreOnIsolate = true;
    };
  };
in
{
  config = lib.mkIf cfg.enable {
    systemd.services.deploy-finalize-resume = lib.recursiveUpdate resume {
      description = "Take up unfinished finalizations";
      wantedBy = [ "multi-user.target" ];
      # Nothing waits for it, so that it never holds up the boot.
      after = [ "multi-user.target" ];
      serviceConfig = {
        # Without it every switch would start it again. With it a clean end by a signal is the
        # last one; then the unit below does its work.
        RemainAfterExit = true;
        PrivateTmp = true;
      };
    };

    # A start of the unit above waits for multi-user.target, so this boot needs a unit of its own.
    # No PrivateTmp: that would wait for /var, which may be what the boot hangs at.
    systemd.services.deploy-finalize-stuck-boot = lib.recursiveUpdate (lib.recursiveUpdate resume early) {
      description = "Take up unfinished finalizations in a boot that does not get through";
      wantedBy = [
        "emergency.target"
        "rescue.target"
      ];
      after = [ "local-fs.target" ];
    };

    # Only a boot whose menu entry has a counter starts it: nothing else wants boot-complete.target.
    # After that target systemd removes the counter, so a boot is good only if it is verified.
    systemd.services.deploy-finalize-boot-complete = lib.recursiveUpdate (lib.recursiveUpdate resume early) {
      description = "Wait until the booted system is verified";
      requiredBy = [ "boot-complete.target" ];
      before = early.before ++ [ "boot-complete.target" ];
      after = [ "local-fs.target" ];
      serviceConfig = {
        ExecStart = "${lib.getExe config.system.build.deployFinalize} boot-complete";
        # The target waits for the end of a oneshot.
        Type = "oneshot";
        RemainAfterExit = true;
        TimeoutStartSec = "infinity";
        # Before systemd 256 a oneshot bears none, and for a oneshot no signal is a clean end.
        RestartForceExitStatus = "";
        # A system that is rejected stays so.
        RestartPreventExitStatus = 1;
      };
    };

    systemd.timers.deploy-finalize-stuck-boot = lib.recursiveUpdate early {
      description = "Take up unfinished finalizations, whether or not the boot gets through";
      documentation = [ "man:deploy-finalize(8)" ];
      wantedBy = [ "sysinit.target" ];
      timerConfig = {
        # In most boots everything has been taken up by then.
        OnBootSec = if lib.isInt bootTimeout then lib.min 120 bootTimeout else 120;
        AccuracySec = "1s";
      };
    };
  };
}
