# The main job on a whole NixOS: jobs of a runner deploy the very host that the runner is on.
# For testers.runNixOSTest.
{
  name = "deploy-finalize-switch-from-job";

  nodes.machine =
    { pkgs, ... }:
    {
      imports = [
        ../module.nix
        ./job-runner.nix
      ];

      # A real boot loader and a store of its own: the test reboots into other generations.
      virtualisation = {
        useBootLoader = true;
        useEFIBoot = true;
        memorySize = 2048;
        diskSize = 4096;
      };
      boot.loader.systemd-boot.enable = true;
      boot.loader.timeout = 0;
      # NixOS tests are without it by default.
      system.switch.enable = true;

      environment.systemPackages = [ pkgs.jq ];
      services.deployFinalize = {
        enable = true;
        waitFor.runners.job-runner.detect.kind = "processes";
      };

      # The generations that are deployed.
      specialisation = {
        services-only.configuration.jobRunner.definition = "second";
        other-initrd.configuration = {
          jobRunner.definition = "third";
          boot.initrd.kernelModules = [ "dummy" ];
        };
        broken.configuration = {
          jobRunner.definition = "fourth";
          systemd.services.broken = {
            wantedBy = [ "multi-user.target" ];
            serviceConfig.Type = "oneshot";
            script = "exit 1";
          };
        };
      };
    };

  testScript = ''
    import json

    PROFILE = "/nix/var/nix/profiles/system"


    def resolved(path):
        return machine.succeed(f"realpath {path}").strip()


    def queue(job, script):
        machine.succeed(f"cat > /tmp/{job} <<'EOF'\n{script}\nEOF")
        machine.succeed(f"mv /tmp/{job} /var/lib/job-runner/queue/{job}")
        machine.succeed(f"echo {job} > /run/job-runner/wake")


    def deploy(system):
        return "\n".join([
            "set -e",
            f"nix-env --profile {PROFILE} --set {system}",
            f"{system}/bin/switch-to-configuration boot",
            # By way of the new system: nothing below /run/current-system is the new one yet.
            f"{system}/sw/bin/deploy-finalize",
        ])


    def ended_well(job):
        machine.wait_for_file(f"/var/lib/job-runner/jobs/{job}/exit-code")
        output = machine.succeed(f"cat /var/lib/job-runner/jobs/{job}/output")
        code = machine.succeed(f"cat /var/lib/job-runner/jobs/{job}/exit-code").strip()
        assert code == "0", f"{job} ended with {code}: {output}"
        return output


    def record():
        return json.loads(machine.succeed("cat /var/lib/deploy-finalize/current"))


    def ends_as(state):
        machine.wait_until_succeeds(
            f"jq -e '.state == \"{state}\"' /var/lib/deploy-finalize/current"
        )


    def rebooted(boot_id):
        machine.connected = False
        machine.connect()
        machine.wait_for_unit("multi-user.target")
        assert machine.succeed("cat /proc/sys/kernel/random/boot_id") != boot_id


    machine.start(allow_reboot=True)
    machine.wait_for_unit("multi-user.target")
    machine.wait_for_unit("job-runner.service")
    first = resolved("/run/current-system")
    second = resolved("/run/current-system/specialisation/services-only")
    third = resolved("/run/current-system/specialisation/other-initrd")
    broken = resolved("/run/current-system/specialisation/broken")

    with subtest("a job deploys its own runner, ends well, and then the new system is live"):
        queue("deploy-second", deploy(second))
        output = ended_well("deploy-second")
        assert "action=switch reason=services only" in output, output
        ends_as("live")
        assert resolved("/run/current-system") == second
        machine.wait_until_succeeds("grep -qx second /run/job-runner/definition")

    with subtest("a unit that fails only on the new system: it goes back by itself"):
        queue("deploy-broken", deploy(broken))
        ended_well("deploy-broken")
        ends_as("rolled-back")
        assert resolved("/run/current-system") == second
        assert resolved(PROFILE) == second

    with subtest("a changed initrd: it reboots into the new system"):
        boot_id = machine.succeed("cat /proc/sys/kernel/random/boot_id")
        queue("deploy-third", deploy(third))
        # Its end is looked at after the reboot: the machine may go down at any moment.
        rebooted(boot_id)
        output = ended_well("deploy-third")
        assert "action=reboot reason=initrd changed" in output, output
        ends_as("live")
        assert resolved("/run/booted-system") == third
        machine.wait_until_succeeds("grep -qx third /run/job-runner/definition")

    with subtest("a power cut while it waits for a job: taken up at the next boot"):
        queue("deploy-first", deploy(first) + "\nsleep infinity")
        machine.wait_until_succeeds(
            "jq -e '.state == \"waiting\"' /var/lib/deploy-finalize/current"
        )
        waiting = record()["id"]
        machine.succeed("sync")
        machine.crash()
        machine.start(allow_reboot=True)
        machine.wait_for_unit("multi-user.target")
        ends_as("live")
        assert record()["id"] == waiting
        assert resolved("/run/booted-system") == first
  '';
}
