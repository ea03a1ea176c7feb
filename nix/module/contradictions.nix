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
in
{
  config = lib.mkIf cfg.enable {
    assertions =
      rules.twice options.services.deployFinalize cfg.settings
      ++ rules.whole (lib.recursiveUpdate cfg.generated cfg.settings);
  };
}
