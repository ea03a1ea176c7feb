# The packages that the templates name.
_:
let
  lib = import ./evaluator;
  pkgs = import ./evaluator/pkgs.nix lib;
in
pkgs // lib.genAttrs [ "bash" "git" "gnused" "nix" "nodejs" "openssh" "coreutils" ] pkgs.program
