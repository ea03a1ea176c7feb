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
  program = "${cfg.package}/bin/deploy-finalize";

  unchecked = json.generate "deploy-finalize.json" cfg.effective;
  checked =
    pkgs.runCommand "deploy-finalize.json"
      {
        inherit unchecked;
        preferLocalBuild = true;
      }
      ''
        if ! ${program} check-config --option-prefix services.deployFinalize "$unchecked"; then
          ${lib.optionalString (cfg.settings != { }) ''
            echo "What services.deployFinalize.settings sets is named here without .settings." >&2
          ''}
          exit 1
        fi
        cp "$unchecked" "$out"
      '';
  # A build cannot run a program for another platform.
  canCheck = pkgs.stdenv.buildPlatform.canExecute pkgs.stdenv.hostPlatform;

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
      makeWrapper ${program} "$out/bin/deploy-finalize" \
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
      # An overlay counts, as for every other package.
      default = pkgs.deploy-finalize or (pkgs.callPackage ../package.nix { });
      defaultText = literalExpression "pkgs.deploy-finalize or (pkgs.callPackage ./nix/package.nix { })";
      description = "The deploy-finalize to use: that of the overlay, if there is one.";
    };

    settings = mkOption {
      inherit (json) type;
      default = { };
      example = {
        waitFor.aKeyOfANewerPackage = "5min";
      };
      description = ''
        Settings of the program by their own names (docs/settings.md), for keys that this module does
        not know yet. A key that has an option must have the type of the option, and only one of the
        two may be set. A list replaces the whole list.
      '';
    };

    generated = mkOption {
      inherit (json) type;
      internal = true;
      description = "What the other options become in the configuration file.";
    };

    effective = mkOption {
      inherit (json) type;
      internal = true;
      readOnly = true;
      default = lib.recursiveUpdate cfg.generated cfg.settings;
      description = "The configuration file: what the other options become, with `settings` above it.";
    };

    configFile = mkOption {
      type = types.path;
      readOnly = true;
      default = if canCheck then checked else unchecked;
      defaultText = lib.literalMD "made of these options";
      description = ''
        Read-only. The configuration file, which `system.build.deployFinalize` contains. Its build checks it
        with the command `check-config` and fails if it is wrong, except when cross-compiling.
      '';
    };
  };

  config = lib.mkIf cfg.enable {
    system.build.deployFinalize = configured;
    environment.systemPackages = [ configured ];
    # For a call from another system, which has to know what this one needs at boot.
    environment.etc."deploy-finalize.json".source = cfg.configFile;
  };
}
