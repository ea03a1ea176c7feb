# Stand-in for deploy-rs.lib.<system>, after its flake (notes/deploy-rs.md): the folder that
# becomes the profile holds links into the system, the activation and its runner.
{ pkgs }:
{
  activate.custom.__functor =
    self: base: activate:
    pkgs.runCommand "activatable-${base.name}"
      {
        inherit base activate;
        inherit (self) boot dryActivate;
      }
      ''
        mkdir $out
        ln -s $base/* $out/
        {
          echo '#!/bin/bash'
          echo 'set -euo pipefail'
          echo 'if [[ "''${DRY_ACTIVATE:-}" == "1" ]]; then'
          echo "$dryActivate"
          echo 'elif [[ "''${BOOT:-}" == "1" ]]; then'
          echo "$boot"
          echo 'else'
          echo "$activate"
          echo 'fi'
        } > $out/deploy-rs-activate
        cp ${./activate-rs} $out/activate-rs
        chmod +x $out/deploy-rs-activate $out/activate-rs
      '';
}
