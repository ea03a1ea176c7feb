# What only Nix can see: a secret in the store, a setting that is given twice, and a fallback that
# the boot loader does not have.
{
  config,
  lib,
  options,
  ...
}:
let
  cfg = config.services.deployFinalize;
  at = path: lib.concatStringsSep "." ([ "services.deployFinalize" ] ++ path);
  refuse = message: {
    assertion = false;
    inherit message;
  };

  # However the path is written.
  partsOf = file: lib.filter (part: part != "" && part != ".") (lib.splitString "/" file);
  plain = file: "/${lib.concatStringsSep "/" (partsOf file)}/";
  isInStore =
    file: lib.any (store: lib.hasPrefix (plain store) (plain file)) [ "/nix/store" builtins.storeDir ];
  # A path literal is copied to the store.
  isExposed =
    file:
    !(builtins.isString file) || !(lib.hasPrefix "/" file) || lib.elem ".." (partsOf file) || isInStore file;
  secrets = [ "urlFile" "tokenFile" "secretFile" "passwordFile" "keyFile" ];
  exposedIn =
    path: value:
    if builtins.isList value then
      lib.concatLists (lib.imap0 (index: exposedIn (path ++ [ (toString index) ])) value)
    else if builtins.isAttrs value && !(lib.isStringLike value) then
      lib.concatLists (lib.mapAttrsToList (key: exposedIn (path ++ [ key ])) value)
    else
      lib.optional (path != [ ] && lib.elem (lib.last path) secrets && value != null && isExposed value) path;

  loader = config.boot.loader or { };
  isOn = loaders: name: loaders.${name}.enable or false;
  canFallBack = isOn loader "systemd-boot" || isOn loader "grub" || isOn (config.boot or { }) "lanzaboote";
  isRequired = cfg.effective.reboot.fallback or null == "require" && cfg.effective.reboot.allow or true;

  leaves =
    path: option:
    if lib.isOption option then
      [ { inherit path option; } ]
    else
      lib.concatLists (lib.mapAttrsToList (name: leaves (path ++ [ name ])) option);
  own = [ "enable" "package" "configFile" "settings" "generated" "effective" "takeOver" ];
  # Also a key of `settings` that has an option has a type. A list of a submodule checks each item later.
  inSettings = lib.filter ({ path, ... }: lib.hasAttrByPath path cfg.settings) (
    leaves [ ] (removeAttrs options.services.deployFinalize own)
  );
  isSet = { option, ... }: option.highestPrio < (lib.mkOptionDefault null).priority;
  isOfType = { path, option }: option.type.check (lib.attrByPath path null cfg.settings);
in
{
  config.assertions = lib.mkIf cfg.enable (
    map (
      { path, ... }: refuse "${at path} and ${at ([ "settings" ] ++ path)} are both set. Remove one of them."
    ) (lib.filter isSet inSettings)
    ++ map (
      { path, option }:
      refuse "${at ([ "settings" ] ++ path)} has the wrong type. It has to be: ${option.type.description}. Use ${at path}, which has this type."
    ) (lib.filter (item: !isOfType item) inSettings)
    ++ map (
      path:
      refuse "${at path} has to be an absolute path, as a string, of a file that is not in the store, where everybody can read it."
    ) (exposedIn [ ] cfg.generated ++ exposedIn [ "settings" ] cfg.settings)
    ++ lib.optional (isRequired && !canFallBack) (
      refuse "${at [ "reboot" "fallback" ]} is \"require\", but only systemd-boot, GRUB and lanzaboote can fall back, and this host has none of them: it would never reboot. Set it to \"auto\" or \"off\"."
    )
  );
}
