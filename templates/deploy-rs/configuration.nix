{ pkgs, ... }:
{
  imports = [ ./hardware-configuration.nix ];

  networking.hostName = "web";
  boot.loader.systemd-boot.enable = true;
  nix.settings.experimental-features = [
    "nix-command"
    "flakes"
  ];

  # Finds the runner below by itself and waits for the end of its job before it acts.
  services.deployFinalize = {
    enable = true;
    verify.checks = [
      {
        kind = "unit";
        unit = "sshd.service";
      }
    ];
  };

  services.gitea-actions-runner.instances.default = {
    enable = true;
    name = "web";
    url = "https://git.example.org";
    # A file with a line TOKEN=…, made by hand or by your secrets tool.
    tokenFile = "/var/lib/secrets/gitea-runner-token";
    labels = [ "native:host" ];
    hostPackages = [
      pkgs.bash
      pkgs.coreutils
      pkgs.git
      pkgs.nix
      pkgs.nodejs
      pkgs.openssh
    ];
  };

  services.openssh.enable = true;
  # The key that the job deploys with: its private half is the secret DEPLOY_KEY in Gitea.
  users.users.root.openssh.authorizedKeys.keys = [ "ssh-ed25519 AAAA… deploy" ];

  system.stateVersion = "25.11";
}
