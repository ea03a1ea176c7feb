# What runs right before it acts, and at the end.
{ config, lib, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.services.deployFinalize;
  finalizeTypes = import ./types.nix { inherit lib; };
  inherit (finalizeTypes) option orNull;

  entries = import ./entries.nix { inherit lib; };

  hooks = entries.entries {
    name = orNull finalizeTypes.hookName "What the hook is called in the record and in the journal. Null: as the entry is named. Hooks begin in the order of their names.";

    before = mkOption {
      type = types.nullOr finalizeTypes.command;
      default = null;
      example = [
        "kubectl"
        "cordon"
        "web1"
      ];
      description = ''
        A program and its arguments, without a shell. It runs as root right before the act, when
        nothing is waited for any more. It may run more than once.
      '';
    };

    after = mkOption {
      type = types.nullOr finalizeTypes.command;
      default = null;
      example = [
        "kubectl"
        "uncordon"
        "web1"
      ];
      description = ''
        A program and its arguments. Once `before` has been started, it runs at least once: at the
        end, whatever the outcome, also after a reboot. It may run more than once.
      '';
    };

    actions = mkOption {
      type = types.listOf (
        types.enum [
          "switch"
          "reboot"
        ]
      );
      default = [
        "switch"
        "reboot"
      ];
      example = [ "reboot" ];
      description = "The actions that it belongs to.";
    };

    timeout = option finalizeTypes.someSeconds 600 "How long one run may take, in seconds. Then it is killed, with its process group.";

    onFailure = mkOption {
      type = types.enum [
        "hold"
        "abort"
        "ignore"
      ];
      default = "hold";
      description = ''
        What it means if `before` fails. `hold`: it is tried again for `waitFor.timeout`, and then
        `waitFor.onTimeout` decides. `abort`: the finalization ends as failed, without acting.
        `ignore`: it acts all the same.
      '';
    };
  };
in
{
  options.services.deployFinalize.hooks = mkOption {
    type = hooks;
    default = { };
    example = {
      node = {
        before = [
          "kubectl"
          "cordon"
          "web1"
        ];
        after = [
          "kubectl"
          "uncordon"
          "web1"
        ];
        actions = [ "reboot" ];
      };
    };
    description = "What runs right before it acts and at the end, by name: docs/hooks.md.";
  };

  config.warnings = lib.mkIf cfg.enable (entries.warning "hooks" cfg.hooks);
  config.services.deployFinalize.generated.hooks = map finalizeTypes.withoutNulls (
    entries.toList entries.called cfg.hooks
  );
}
