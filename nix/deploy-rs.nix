# For deploy-rs users: the value for `path` of a system profile.
#
#   path = deploy-finalize.lib.deployRs.activate deploy-rs.lib.x86_64-linux self.nixosConfigurations.web;
#
# Instead of switching, which would stop a CI runner on that host in the middle of its job, the
# activation makes the new system the boot default and leaves the rest to deploy-finalize.
{ lib }:
{
  activate =
    # deploy-rs.lib.<system>
    deployRs:
    # What lib.nixosSystem returned.
    nixos:
    let
      inherit (nixos) config pkgs;
      program = lib.getExe config.system.build.deployFinalize;

      # PROFILE is the profile (the wrapped system itself in a dry run), and also the working
      # directory, which no program of the switch should keep in use (NixOS/nixpkgs#73404).
      boot = ''
        cd /tmp
        "$PROFILE/bin/switch-to-configuration" boot
        ${newestEntryBoots}
      '';

      # deploy-rs' own activation does this too: older nixpkgs take a wrapped system for none of
      # the generations and leave systemd-boot's default at an old one (serokell/deploy-rs#31).
      # Without a default the newest generation boots.
      newestEntryBoots = lib.optionalString config.boot.loader.systemd-boot.enable ''
        if [ -e ${loaderConf} ]; then ${pkgs.gnused}/bin/sed -i '/^default /d' ${loaderConf}; fi
      '';
      loaderConf = lib.escapeShellArg "${config.boot.loader.efi.efiSysMountPoint}/loader/loader.conf";

      activation = deployRs.activate.custom // {
        dryActivate = ''
          cd /tmp
          status=0
          "$PROFILE/bin/switch-to-configuration" dry-activate || status=$?
          ${program} explain --profile "$PROFILE" || status=$?
          exit "$status"
        '';
        inherit boot;
      };
    in
    if !(deployRs ? activate.custom) then
      throw "deploy-finalize.lib.deployRs.activate: the first argument has no activate.custom. Give it deploy-rs.lib.<system>, such as deploy-rs.lib.x86_64-linux."
    else if !(nixos ? config.system.build.toplevel) then
      throw "deploy-finalize.lib.deployRs.activate: the second argument has no config.system.build.toplevel. Give it a whole NixOS configuration, such as self.nixosConfigurations.web."
    else if !(config.services.deployFinalize.enable or false) then
      throw ''
        deploy-finalize.lib.deployRs.activate: ${config.networking.hostName or "this host"} has no services.deployFinalize.enable = true, so nothing there would finalize its deploys.
        Import deploy-finalize.nixosModules.default into its configuration and enable it, or use deploy-rs' own activate.nixos, which switches at once.''
    else
      # Both steps fail only if the deploy has to be undone: deploy-rs then rolls back. Exit code 4 means
      # that another deploy has set the profile since: a rollback would undo that one.
      activation config.system.build.toplevel ''
        ${boot}
        ${program} --profile "$PROFILE" || [ $? = 4 ]
      '';
}
