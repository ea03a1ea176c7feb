final: _prev: { deploy-finalize = final.callPackage ./package.nix { }; }
