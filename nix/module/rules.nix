# The rules of contradictions.nix about the whole: each gives assertions whose message
# says what is wrong, where, and what to do.
{ lib }:
let
  inherit (lib) concatStringsSep;
  inherit (import ./requirements.nix { inherit lib; }) at duplicates require;
  reportTypes = import ./report-types.nix { inherit lib; };
in
{
  # An option that is set, and the same key in `settings`.
  twice =
    options: settings:
    let
      leaves =
        path: option:
        if lib.isOption option then
          lib.optional (option.highestPrio < (lib.mkOptionDefault null).priority) path
        else
          lib.concatLists (lib.mapAttrsToList (name: leaves (path ++ [ name ])) option);
      own = [ "enable" "package" "configFile" "settings" "generated" ];
      set = lib.filter (path: lib.hasAttrByPath path settings) (leaves [ ] (removeAttrs options own));
    in
    map (
      path:
      let
        key = concatStringsSep "." path;
      in
      require false "${at key} and ${at "settings.${key}"} are both set. Remove one of them."
    ) set;

  # What the whole file has to fulfil, whichever option it comes from.
  whole =
    file:
    let
      isPath = value: builtins.isString value && lib.hasPrefix "/" value;
      names = lib.filter builtins.isString (lib.toList file.rebootWhenChanged);
      value = path: lib.attrByPath path null file;
      metricsFile = value [ "report" "metricsFile" ];
      isVolatile = folder: builtins.match "/(run|tmp|var/run|dev/shm)(/.*)?" folder != null;
      isNumber = number: builtins.isInt number || builtins.isFloat number;
      first = value [ "report" "retry" "first" ];
      most = value [ "report" "retry" "most" ];
      absolute =
        key: require (isPath file.${key}) "${at key} has to be an absolute path: begin it with a slash.";
    in
    [
      (absolute "profile")
      (absolute "stateDir")
      (require (!(isPath file.stateDir && isVolatile file.stateDir))
        "${at "stateDir"} is ${toString file.stateDir}, which does not outlive a reboot: what has not ended would be forgotten. Choose a folder such as /var/lib/deploy-finalize."
      )
      (require (!(isNumber first && isNumber most && first > most))
        "${at "report.retry.first"} is more than ${at "report.retry.most"}. Set first to as much as most, or less."
      )
      (require (metricsFile == null || reportTypes.metricsFile.check metricsFile)
        "${at "report.metricsFile"} has to be a file in a folder below /, by an absolute path that ends in .prom and has no part that begins with a dot."
      )
      (require (!(lib.any (lib.hasInfix "/") names))
        "${at "rebootWhenChanged"} has names with a slash: only names that stand directly in the system's folder can be compared, such as kernel."
      )
      (require (duplicates names == [ ])
        "${at "rebootWhenChanged"} names ${concatStringsSep ", " (duplicates names)} more than once. Remove the others; with lib.mkForce if they come from several modules."
      )
      (require (value [ "verify" "confirm" ] == null || value [ "rollback" "enable" ] != false)
        "${at "verify.confirm"} goes back when nobody confirms, but ${at "rollback.enable"} is false. Set rollback.enable to true, or verify.confirm to null."
      )
      (require
        (
          value [ "waitFor" "onTimeout" ] != "proceed"
          || value [ "waitFor" "session" ] != false
          || value [ "waitFor" "runners" ] != [ ]
          || value [ "waitFor" "units" ] != [ ]
        )
        "${at "waitFor.onTimeout"} is \"proceed\", but nothing is waited for. Set waitFor.session to true, name a runner in waitFor.runners or a unit in waitFor.units, or leave onTimeout out."
      )
    ];
}
