# Stand-ins for options of NixOS itself.
{ lib, ... }:
let
  inherit (lib) mkOption types;
  value = type: default: mkOption { inherit type default; };
  # As in a unit: several definitions of a setting are a list if one of them is.
  setting = types.anything // {
    merge =
      loc: definitions:
      if lib.any (d: builtins.isList d.value) definitions then
        lib.concatMap (d: lib.toList d.value) definitions
      else
        types.anything.merge loc definitions;
  };
  unitOption = value (types.attrsOf setting) { };
in
{
  options = {
    assertions = value (types.listOf types.anything) [ ];
    warnings = value (types.listOf types.str) [ ];
    boot.isContainer = value types.bool false;
    systemd.units = value (types.attrsOf types.anything) { };
    boot.initrd = value types.raw { };
    environment.etc = value (types.attrsOf types.raw) { };
    boot.kernelParams = value (types.listOf types.str) [ ];
    systemd.watchdog.runtimeTime = value (types.nullOr types.str) null;
    networking.proxy = lib.genAttrs [ "httpProxy" "httpsProxy" "noProxy" ] (
      _: value (types.nullOr types.str) null
    );
    fileSystems = value (types.attrsOf types.anything) { };
    systemd.user.services = value (types.attrsOf types.anything) { };
    systemd.tmpfiles.rules = value (types.listOf types.str) [ ];
    systemd.mounts = value (types.listOf types.anything) [ ];
    environment.loginShellInit = value types.str "";
    environment.systemPackages = value (types.listOf types.package) [ ];
    systemd.package = value types.package {
      type = "derivation";
      name = "systemd";
      outPath = "/systemd";
    };
    system.build = value (types.attrsOf types.raw) { };
    systemd.timers = mkOption {
      default = { };
      type = types.attrsOf (
        types.submodule {
          options = {
            description = value types.str "";
            documentation = value (types.listOf types.str) [ ];
            wantedBy = value (types.listOf types.str) [ ];
            before = value (types.listOf types.str) [ ];
            conflicts = value (types.listOf types.str) [ ];
            unitConfig = unitOption;
            timerConfig = unitOption;
          };
        }
      );
    };
    systemd.services = mkOption {
      default = { };
      type = types.attrsOf (
        types.submodule {
          options = {
            enable = value types.bool true;
            description = value types.str "";
            documentation = value (types.listOf types.str) [ ];
            requiredBy = value (types.listOf types.str) [ ];
            wantedBy = value (types.listOf types.str) [ ];
            after = value (types.listOf types.str) [ ];
            before = value (types.listOf types.str) [ ];
            conflicts = value (types.listOf types.str) [ ];
            path = value (types.listOf (types.either types.package types.str)) [ ];
            environment = unitOption;
            restartIfChanged = value types.bool true;
            unitConfig = unitOption;
            serviceConfig = unitOption;
          };
        }
      );
    };
  };
}
