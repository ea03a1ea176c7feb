# Configurations that cannot be meant as a whole, refused before anything is built. What
# a group alone has to fulfil stands in its own file.
{
  config,
  lib,
  options,
  ...
}:
let
  cfg = config.services.deployFinalize;
  rules = import ./rules.nix { inherit lib; };
  file = lib.recursiveUpdate cfg.generated cfg.settings;
in
{
  config = lib.mkIf cfg.enable {
    assertions =
      rules.twice options.services.deployFinalize cfg.settings
      ++ rules.whole file
      ++ lib.optionals (builtins.isAttrs file.reboot) (import ./reboot-rules.nix { inherit lib; } file.reboot)
      ++ import ./secret-rules.nix { inherit lib; } cfg.settings;
  };
}
