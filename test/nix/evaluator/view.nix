# What the tests look at of a host: what the module makes of a list of modules.
lib: modules:
let
  pkgs = import ./pkgs.nix lib;
  host = import ./nixos.nix {
    inherit lib pkgs;
    modules = [
      ../../../nix/module.nix
      { services.deployFinalize.package = lib.mkDefault (pkgs.program "deploy-finalize"); }
    ]
    ++ modules;
  };
  inherit (host) config;
  cfg = config.services.deployFinalize;
  wrapper = config.system.build.deployFinalize or null;
in
{
  inherit host;
  # Messages of the assertions that do not hold.
  refusals = map (a: a.message) (builtins.filter (a: !a.assertion) config.assertions);
  inherit (config) warnings;
  # Where a call from another system reads it.
  fileInSystem = "${config.environment.etc."deploy-finalize.json".source or ""}";
  file = builtins.fromJSON cfg.configFile.unchecked.text;
  filePath = cfg.configFile.outPath;
  wrapper =
    if wrapper == null then
      null
    else
      {
        inherit (wrapper) name meta postBuild;
        exe = lib.getExe wrapper;
        paths = map (path: path.name) wrapper.paths;
      };
  installed = map (package: package.name) config.environment.systemPackages;
  loginShell = config.environment.loginShellInit;
  inherit (config.boot) kernelParams;
  watchdog = config.systemd.watchdog.runtimeTime;
  manager = config.systemd.settings.Manager or null;
  tmpfiles = config.systemd.tmpfiles.rules;
  units = config.systemd.services;
  inherit (config.systemd) timers;
  # The values of the options, without what is no setting of the program.
  values = removeAttrs cfg [
    "configFile"
    "effective"
    "enable"
    "generated"
    "loginNotice"
    "package"
    "resetOnTrouble"
    "settings"
    "takeOver"
  ];
}
