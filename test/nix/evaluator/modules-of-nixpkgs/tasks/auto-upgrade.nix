# Only its name counts: nix/module/take-over.nix asks whether nixpkgs has the module. Its options: upgrade-options.nix.
{ }
