{
  description = "Make a deployed NixOS system the running system after the deploying job has ended";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";

  outputs =
    { self, nixpkgs }:
    let
      inherit (nixpkgs) lib;
      eachSystem =
        outputs: lib.genAttrs [ "x86_64-linux" "aarch64-linux" ] (system: outputs nixpkgs.legacyPackages.${system});
    in
    {
      packages = eachSystem (pkgs: rec {
        deploy-finalize = pkgs.callPackage ./nix/package.nix { };
        default = deploy-finalize;
      });

      overlays.default = import ./nix/overlay.nix;

      nixosModules = rec {
        deploy-finalize = ./nix/module.nix;
        default = deploy-finalize;
      };

      lib.deployRs = import ./nix/deploy-rs.nix { inherit lib; };

      checks = eachSystem (pkgs: {
        package = self.packages.${pkgs.stdenv.hostPlatform.system}.default;
        module = import ./nix/tests/module.nix { inherit pkgs; };
        switch-from-job = pkgs.testers.runNixOSTest ./nix/tests/switch-from-job.nix;
      });

      formatter = eachSystem (pkgs: pkgs.nixfmt-tree);

      templates = {
        deploy-rs = {
          path = ./templates/deploy-rs;
          description = "deploy-rs, from a Gitea runner on the deployed host itself";
        };
        nixos-rebuild = {
          path = ./templates/nixos-rebuild;
          description = "nixos-rebuild boot --target-host, then deploy-finalize over SSH";
        };
        colmena = {
          path = ./templates/colmena;
          description = "colmena apply boot, then deploy-finalize on every host";
        };
      };
    };
}
