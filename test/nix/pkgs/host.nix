# A test host's system with services.deployFinalize, as NixOS would make it: the package built,
# the module evaluated, the wrapper and the configuration file made of it. For the test host's
# own Nix. What it builds is what deploy-rs would set the profile to.
{
  # A whole ToplevelSpec (../../host/toplevel.ts).
  specJson,
  # services.deployFinalize.
  settingsJson,
}:
let
  pkgs = import ./. {
    node = "/usr/local/bin/node";
    esbuild = "/opt/deploy-finalize/node_modules/@esbuild/linux-${arch}/bin/esbuild";
    # The manual page is not read here: its source stands in for it.
    scdoc = "/usr/bin/cat";
  };
  inherit (pkgs) lib;
  arch = if builtins.currentSystem == "aarch64-linux" then "arm64" else "x64";

  host = import ../evaluator/nixos.nix {
    inherit lib;
    pkgs = pkgs // {
      inherit (import ../evaluator/pkgs.nix lib) program;
    };
    modules = [
      ../../../nix/module.nix
      { services.deployFinalize = builtins.fromJSON settingsJson; }
    ];
  };
  inherit (host.config.system.build) deployFinalize;

  spec = builtins.fromJSON specJson;
  toplevel = import /opt/test-host/toplevel.nix {
    specJson = builtins.unsafeDiscardStringContext (
      builtins.toJSON (spec // { units = spec.units // resumeUnits; })
    );
  };
  resumeUnits = {
    "deploy-finalize-resume.service" = unitText host.config.systemd.services.deploy-finalize-resume;
    "deploy-finalize-stuck-boot.service" = unitText host.config.systemd.services.deploy-finalize-stuck-boot;
  };

  # As NixOS writes a service: a list is a line for each of its items.
  unitText = service: ''
    [Unit]
    Description=${service.description}
    ${lines "After" service.after}
    ${lines "Before" service.before}
    ${lines "Conflicts" service.conflicts}
    ${section service.unitConfig}
    X-RestartIfChanged=${lib.boolToString service.restartIfChanged}
    [Service]
    Environment=PATH=${lib.concatMapStringsSep ":" (path: "${path}/bin") service.path}
    ${section service.serviceConfig}
    [Install]
    ${lines "WantedBy" service.wantedBy}
  '';
  section = values: lib.concatLines (builtins.attrValues (builtins.mapAttrs lines values));
  lines =
    name: value:
    lib.concatMapStringsSep "\n" (item: "${name}=${word item}") (if builtins.isList value then value else [ value ]);
  word = value: if builtins.isBool value then lib.boolToString value else toString value;

  nixos = {
    inherit pkgs;
    config = host.config // {
      networking.hostName = "test-host";
      boot.loader = {
        systemd-boot.enable = true;
        efi.efiSysMountPoint = "/boot";
      };
      system.build = {
        inherit deployFinalize toplevel;
      };
    };
  };
  helper = import ../../../nix/deploy-rs.nix { inherit lib; };
in
helper.activate (import ./deploy-rs { inherit pkgs; }) nixos
