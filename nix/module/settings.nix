# The configuration file as such: what the other groups make of their options, and
# what is laid over it.
{ lib, pkgs, ... }:
let
  inherit (lib) mkOption;
  inherit (pkgs.formats.json { }) type;
in
{
  options.services.deployFinalize = {
    settings = mkOption {
      inherit type;
      default = { };
      example = {
        waitFor.timeout = 7200;
      };
      description = ''
        Settings of the program by their own names (docs/settings.md), laid over what the other
        options say: for a program that is newer than this module. A list replaces the whole
        list. Types are checked by the program only, which refuses a wrong one when it is called.
      '';
    };

    generated = mkOption {
      inherit type;
      internal = true;
      description = "What the other options become in the configuration file.";
    };
  };
}
