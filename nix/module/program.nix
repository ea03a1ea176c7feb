# The program with its configuration file.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) literalExpression mkOption types;
  cfg = config.services.deployFinalize;
  json = pkgs.formats.json { };

  # Called by store path while the next system is only the boot default, so it has to
  # bear its configuration. The arguments of the caller follow, and so win.
  configured = pkgs.symlinkJoin {
    name = "deploy-finalize-configured";
    # Manual page and completions come along.
    paths = [ cfg.package ];
    # A binary: a wrapper in shell would heed the caller's BASH_ENV, as root.
    nativeBuildInputs = [ pkgs.makeBinaryWrapper ];
    postBuild = ''
      rm "$out/bin/deploy-finalize"
      makeWrapper ${cfg.package}/bin/deploy-finalize "$out/bin/deploy-finalize" \
        --add-flags "--config ${cfg.configFile}"
    '';
    meta = removeAttrs (cfg.package.meta or { }) [ "outputsToInstall" ] // {
      mainProgram = "deploy-finalize";
    };
  };
in
{
  options.services.deployFinalize = {
    enable = lib.mkEnableOption "deploy-finalize, which makes a deployed system the running one after its deployer has gone";

    package = mkOption {
      type = types.package;
      default = pkgs.callPackage ../package.nix { };
      defaultText = literalExpression "pkgs.callPackage ./nix/package.nix { }";
      description = "The deploy-finalize to use.";
    };

    configFile = mkOption {
      type = types.path;
      readOnly = true;
      default = json.generate "deploy-finalize.json" (
        lib.recursiveUpdate cfg.generated cfg.settings
      );
      defaultText = lib.literalMD "made of these options";
      description = "The configuration file, which `system.build.deployFinalize` bears within it.";
    };
  };

  config = lib.mkIf cfg.enable {
    system.build.deployFinalize = configured;
    environment.systemPackages = [ configured ];
  };
}
