# Only its name counts: nix/module/drain.nix asks whether nixpkgs has the module. Its options: runner-options.nix.
{ }
