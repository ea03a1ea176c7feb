# A small stand-in for the part of nixpkgs' `lib` that our Nix files use, so that
# they are tested on machines without nixpkgs. Written from the documented
# behaviour of the module system; test/nix/evaluator.test.ts says what it does.
let
  lib =
    import ./basics.nix
    // import ./text.nix lib
    // import ./packages.nix lib
    // import ./properties.nix lib
    // import ./options.nix lib
    // {
      types = import ./types.nix lib // import ./types-composed.nix lib // import ./types-submodule.nix lib;
      mergeDefinitions = import ./definitions.nix lib;
      evalModules = import ./modules.nix lib;
      describeOptions = import ./describe.nix lib;
    };
in
lib
