# services.deployFinalize: one file a group of options. A group declares its options,
# says in `generated` what they become in the configuration file, and asserts what its
# types cannot say.
{
  imports = [
    ./module/program.nix
    ./module/schedule.nix
    ./module/wait-for.nix
    ./module/verify.nix
    ./module/act.nix
    ./module/reboot.nix
    ./module/lock.nix
    ./module/report.nix
    ./module/settings.nix
    ./module/contradictions.nix
    ./module/resume.nix
    ./module/messages.nix
  ];
}
