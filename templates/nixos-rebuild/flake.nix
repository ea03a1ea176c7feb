{
  description = "A host that is deployed by nixos-rebuild over SSH, also from a job on that very host";

  inputs = {
    nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";
    # Change this to where you have deploy-finalize from.
    deploy-finalize.url = "git+https://git.example.org/deploy-finalize";
    deploy-finalize.inputs.nixpkgs.follows = "nixpkgs";
  };

  outputs =
    { nixpkgs, deploy-finalize, ... }:
    {
      nixosConfigurations.web = nixpkgs.lib.nixosSystem {
        system = "x86_64-linux";
        modules = [
          deploy-finalize.nixosModules.default
          ./configuration.nix
        ];
      };
    };
}
