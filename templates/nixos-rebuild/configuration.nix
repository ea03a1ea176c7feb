{
  imports = [ ./hardware-configuration.nix ];

  networking.hostName = "web";
  boot.loader.systemd-boot.enable = true;

  services.deployFinalize.enable = true;

  services.openssh.enable = true;
  users.users.root.openssh.authorizedKeys.keys = [ "ssh-ed25519 AAAA… deploy" ];

  system.stateVersion = "25.11";
}
