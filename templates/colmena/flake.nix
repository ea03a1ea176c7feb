{
  description = "Hosts that are deployed by colmena, also from a job on one of them";

  inputs = {
    nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";
    colmena.url = "github:nix-community/colmena";
    colmena.inputs.nixpkgs.follows = "nixpkgs";
    # Change this to where you have deploy-finalize from.
    deploy-finalize.url = "git+https://git.example.org/deploy-finalize";
    deploy-finalize.inputs.nixpkgs.follows = "nixpkgs";
  };

  outputs =
    {
      nixpkgs,
      colmena,
      deploy-finalize,
      ...
    }:
    {
      colmenaHive = colmena.lib.makeHive {
        meta.nixpkgs = import nixpkgs { system = "x86_64-linux"; };

        defaults = {
          imports = [ deploy-finalize.nixosModules.default ];
          services.deployFinalize.enable = true;
        };

        web = {
          imports = [ ./configuration.nix ];
          deployment.targetHost = "web";
        };
      };

      packages.x86_64-linux.colmena = colmena.packages.x86_64-linux.colmena;
    };
}
