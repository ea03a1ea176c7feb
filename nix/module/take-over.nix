# Another deployer of this host deploys through this program: one option each.
{
  config,
  lib,
  modulesPath,
  options,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  cfg = config.services.deployFinalize;
  inherit (import ./taken-over.nix { inherit config lib options; }) autoUpgrade comin;
  profile = cfg.settings.profile or cfg.profile;
  own = config.system.build.deployFinalize;

  # Runs after a deploy has set profile and boot default. An upgrade that changes nothing is no deploy.
  # The program is that of the new system, or this one's if the new system has none.
  finalize = pkgs.writeShellScript "deploy-finalize-deploy" ''
    profile=${lib.escapeShellArg profile}
    target=$(${pkgs.coreutils}/bin/readlink -f "$profile")
    running=$(${pkgs.coreutils}/bin/readlink -f /run/current-system)
    program=$target/sw/bin/deploy-finalize
    [ -x "$program" ] || program=${lib.getExe own}

    runs() {
      for system in "$target" "$target"/specialisation/*; do
        [ "$(${pkgs.coreutils}/bin/readlink -f "$system")" != "$running" ] || return 0
      done
      return 1
    }
    # Whether a deploy of what runs already brings nothing.
    is_done() {
      # What the program refuses, it is to say itself.
      plan=$("$program" --profile "$profile" --dry-run) || return 1
      newest=$("$program" status --json)
      case $newest in
        *'"endedAt":null'*)
          # If it is of this system, it goes on. If not, this deploy replaces it.
          case $newest in *"\"target\":{\"toplevel\":\"$target\""*) return 0 ;; esac
          return 1
          ;;
      esac
      # The booted system has another kernel.
      case $plan in *"action=reboot "*) return 1 ;; esac
    }
    if runs && is_done; then
      echo "deploy-finalize: $target runs already: nothing to do"
      exit 0
    fi
    "$program" --profile "$profile"
    code=$?
    # 0: scheduled. 4: the profile is that of another deploy by now.
    [ "$code" -eq 0 ] || [ "$code" -eq 4 ] || "$program" undo --profile "$profile"
    exit "$code"
  '';

  branches = lib.concatMap (
    remote:
    map (branch: branch // { ref = "${remote.name}/${branch.name}"; }) (lib.attrValues remote.branches)
  ) config.services.comin.remotes;
  doing = operation: map (branch: branch.ref) (lib.filter (branch: branch.operation == operation) branches);
  # Not after the operation `test`: it sets no profile, and what it tries has to go on running.
  afterComin =
    command:
    pkgs.writeShellScript "deploy-finalize-after-comin" ''
      code=0
      for ref in ${lib.concatMapStringsSep " " lib.escapeShellArg (doing "boot")}; do
        [ "$COMIN_STATUS" = done ] && [ "$COMIN_GIT_REF" = "$ref" ] || continue
        ${finalize} || code=$?
      done
      ${lib.optionalString (command != null) "${lib.escapeShellArg "${command}"} || exit $?"}
      exit "$code"
    '';

  isByHand = option: option.highestPrio < (lib.mkOptionDefault null).priority;
  at = path: "services.deployFinalize.${path}";
  refuse = condition: message: {
    assertion = !condition;
    inherit message;
  };
  isSet =
    path:
    isByHand (lib.attrByPath path { } options.services.deployFinalize)
    || lib.hasAttrByPath path cfg.settings;
  hasNoService =
    name: isOn: service:
    lib.optional (cfg.takeOver.${name} && !isOn)
      "${at "takeOver.${name}"} takes nothing over, because ${if cfg.enable then service else at "enable"} is false. Remove it, or enable that.";

  afterUpgrade = lib.toList (config.systemd.services.nixos-upgrade.serviceConfig.ExecStartPost or [ ]);
  isByRecipe = command: command != "${finalize}" && lib.hasInfix "/bin/deploy-finalize" (toString command);

  # An option that nobody reads would swallow a mistake.
  hasAutoUpgrade = builtins.pathExists (modulesPath + "/tasks/auto-upgrade.nix");
in
{
  options.services.deployFinalize.takeOver = {
    autoUpgrade = mkOption {
      type = types.bool;
      default = false;
      description = ''
        Whether `system.autoUpgrade` deploys through deploy-finalize: it only sets the boot default, and
        what its options say of the reboot (`allowReboot`, `rebootWindow`) is the default of `reboot.allow`
        and `reboot.window`. Its other options keep their meaning. After an upgrade that changes the system,
        deploy-finalize brings it live; one that it refuses is undone.
      '';
    };

    comin = mkOption {
      type = types.bool;
      default = false;
      description = ''
        Whether comin (0.11 and newer) deploys through deploy-finalize: it only sets the boot default of its
        main branches, and deploy-finalize brings that live. Branches with the operation `test`, by default
        the testing branches, are activated by comin as before, and `services.comin.postDeploymentCommand`
        still runs after each deployment. The profile is that of comin.
      '';
    };
  };

  options.system = lib.optionalAttrs hasAutoUpgrade {
    autoUpgrade.operation = mkOption { apply = said: if autoUpgrade.isOn then "boot" else said; };
    # Its way to reboot.
    autoUpgrade.allowReboot = mkOption { apply = said: !autoUpgrade.isOn && said; };
  };

  # Parts of options of comin, whose module may not be there.
  options.services.comin = {
    remotes = mkOption {
      internal = true;
      type = types.listOf (
        types.submodule {
          config = lib.mkIf comin.isOn { branches.main.operation = lib.mkDefault "boot"; };
        }
      );
    };
    postDeploymentCommand = mkOption {
      internal = true;
      apply = said: if comin.isOn then "${afterComin said}" else said;
    };
  };

  config = {
    systemd.services = lib.mkIf autoUpgrade.isOn {
      nixos-upgrade.serviceConfig.ExecStartPost = [ "${finalize}" ];
    };

    warnings =
      hasNoService "autoUpgrade" autoUpgrade.isOn "system.autoUpgrade.enable"
      ++ hasNoService "comin" comin.isOn "services.comin.enable"
      ++ lib.optional (autoUpgrade.isOn && lib.any isByRecipe afterUpgrade)
        "systemd.services.nixos-upgrade runs deploy-finalize in its ExecStartPost, which ${at "takeOver.autoUpgrade"} does already. Remove it there.";

    assertions =
      lib.optionals autoUpgrade.isOn [
        (refuse (isByHand options.system.autoUpgrade.operation && autoUpgrade.operation != "boot")
          "system.autoUpgrade.operation is \"${autoUpgrade.operation}\", but with ${at "takeOver.autoUpgrade"} it is \"boot\". Remove one of them."
        )
        (refuse (config.system.autoUpgrade.rebootWindow != null && isSet [ "reboot" "window" ])
          "${at "reboot.window"} and system.autoUpgrade.rebootWindow are both set, and ${at "takeOver.autoUpgrade"} is true. Remove one of them."
        )
        (refuse (isByHand options.system.autoUpgrade.allowReboot && isSet [ "reboot" "allow" ])
          "${at "reboot.allow"} and system.autoUpgrade.allowReboot are both set, and ${at "takeOver.autoUpgrade"} is true. Remove one of them."
        )
        (refuse (autoUpgrade.wrongTimes != [ ])
          "system.autoUpgrade.rebootWindow: ${lib.concatStringsSep ", " autoUpgrade.wrongTimes} is no time of a day."
        )
      ]
      ++ lib.optionals comin.isOn [
        (refuse autoUpgrade.isOn
          "${at "takeOver.autoUpgrade"} and ${at "takeOver.comin"} are both true, but each deployer has a profile of its own. Remove one of them."
        )
        (refuse (profile != comin.profile)
          "${at "profile"} is ${toString profile}, but comin deploys to ${comin.profile}. Remove ${at "profile"}."
        )
        (refuse (doing "switch" != [ ])
          "services.comin.remotes: the operation of ${lib.concatStringsSep ", " (doing "switch")} is \"switch\", which ${at "takeOver.comin"} would not take over. Set it to \"boot\" or \"test\"."
        )
      ];
  };
}
