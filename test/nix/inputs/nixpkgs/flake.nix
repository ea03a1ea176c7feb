# A stand-in for nixpkgs as the input of a template: hosts are evaluated with the stand-in for its `lib`,
# which the test puts into `evaluator`. The options of NixOS that only a template sets are declared here.
{
  outputs =
    { self }:
    let
      lib = import ./evaluator;
      pkgs = import ./. { };

      inherit (lib) mkOption types;
      value = type: mkOption { inherit type; };
      anything = mkOption {
        type = types.raw;
        default = null;
      };
      nixos.options = {
        networking.hostName = value types.str;
        boot.loader.systemd-boot.enable = value types.bool;
        boot.loader.efi.efiSysMountPoint = mkOption {
          type = types.str;
          default = "/boot";
        };
        nix.settings = anything;
        programs.ssh.knownHosts = anything;
        services.openssh.enable = value types.bool;
        users.users = anything;
        system.stateVersion = value types.str;
        system.configurationRevision = anything;
        deployment = anything;
      };
      runners.options.services = {
        gitea-actions-runner.package = mkOption {
          type = types.package;
          default = pkgs.program "act_runner";
        };
        gitea-actions-runner.instances = instances;
        forgejo-runner.instances = instances;
      };
      instances = mkOption {
        default = { };
        type = types.attrsOf (
          types.submodule {
            options = {
              enable = value types.bool;
              name = value types.str;
              url = value types.str;
              tokenFile = value types.str;
              labels = value (types.listOf types.str);
              hostPackages = value (types.listOf types.package);
              settings = mkOption {
                type = types.attrsOf (types.attrsOf types.anything);
                default = { };
              };
            };
          }
        );
      };
      built = {
        system.build.toplevel = "/nix/store/toplevel";
        services.deployFinalize.package = lib.mkDefault (pkgs.program "deploy-finalize");
      };
    in
    {
      lib = lib // {
        nixosSystem =
          { modules, ... }:
          import ./evaluator/nixos.nix {
            inherit lib pkgs;
            runnerModules = [ runners ];
            modules = modules ++ [
              nixos
              built
            ];
          }
          // {
            inherit pkgs;
          };
      };
      legacyPackages.x86_64-linux = pkgs;
    };
}
