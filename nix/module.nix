# services.deployFinalize: one file for each group of options. A group declares its options and
# says in `generated` what they become in the configuration file. What a value may be is the
# program's to check (module/program.nix).
{
  imports = [
    ./module/program.nix
    ./module/contradictions.nix
    ./module/take-over.nix
    ./module/schedule.nix
    ./module/wait-for.nix
    ./module/drain.nix
    ./module/act.nix
    ./module/hooks.nix
    ./module/verify.nix
    ./module/reboot.nix
    ./module/switch.nix
    ./module/lock.nix
    ./module/fleet.nix
    ./module/report.nix
    ./module/proxy.nix
    ./module/resume.nix
    ./module/messages.nix
    ./module/warnings.nix
  ];
}
