# What people are told on the host: a notice at login, and help texts in the journal.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  cfg = config.services.deployFinalize;
  catalog = "/usr/local/lib/systemd/catalog/deploy-finalize.catalog";
in
{
  options.services.deployFinalize.loginNotice = lib.mkOption {
    # The option itself was the switch.
    type = lib.types.coercedTo lib.types.bool (enable: { inherit enable; }) (
      lib.types.submodule {
        options.enable = lib.mkOption {
          type = lib.types.bool;
          default = true;
          description = ''
            Whether a login shell on a terminal says so when the last finalization failed or was
            rolled back, or when a reboot waits.
          '';
        };
      }
    );
    default = { };
    description = "What people read when they log in. A Boolean is taken for `enable`.";
  };

  config = lib.mkIf cfg.enable {
    environment.loginShellInit = lib.mkIf cfg.loginNotice.enable ''
      if [ -t 1 ] && [ -r /run/deploy-finalize/notice ]; then
        cat /run/deploy-finalize/notice
      fi
    '';

    # The one folder for message catalogues that nixpkgs' systemd leaves open, and no switch
    # updates their database: notes/journal.md. A copy, because a link that dangles after
    # garbage collection would make every later update fail.
    systemd.services.deploy-finalize-catalog = {
      description = "Install the help texts that journalctl -x shows for deploy-finalize";
      documentation = [ "man:deploy-finalize(8)" ];
      wantedBy = [ "multi-user.target" ];
      serviceConfig = {
        Type = "oneshot";
        RemainAfterExit = true;
        ExecStart = [
          "${pkgs.coreutils}/bin/install -D --mode=444 ${cfg.package}/lib/systemd/catalog/deploy-finalize.catalog ${catalog}"
          "${config.systemd.package}/bin/journalctl --update-catalog"
        ];
      };
    };
  };
}
