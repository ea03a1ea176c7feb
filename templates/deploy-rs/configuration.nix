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
    verify.checks.sshd = {
      kind = "unit";
      unit = "sshd.service";
    };
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
      pkgs.gnused
      pkgs.nix
      pkgs.nodejs
      pkgs.openssh
    ];
  };

  services.openssh.enable = true;
  # The home of the runner's user is /, so the host keys that it knows are the host's. Put the line of
  # /etc/ssh/ssh_host_ed25519_key.pub here.
  programs.ssh.knownHosts.localhost.publicKey = "ssh-ed25519 AAAA… host";
  # The key that the job deploys with: its private half is the secret DEPLOY_KEY in Gitea.
  users.users.root.openssh.authorizedKeys.keys = [ "ssh-ed25519 AAAA… deploy" ];

  system.stateVersion = "25.11";
}
