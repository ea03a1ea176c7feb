{
  description = "A host that a Gitea runner on that very host deploys with deploy-rs";

  inputs = {
    nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";
    deploy-rs.url = "github:serokell/deploy-rs";
    deploy-rs.inputs.nixpkgs.follows = "nixpkgs";
    # Change this to where you have deploy-finalize from.
    deploy-finalize.url = "git+https://git.example.org/deploy-finalize";
    deploy-finalize.inputs.nixpkgs.follows = "nixpkgs";
  };

  outputs =
    {
      self,
      nixpkgs,
      deploy-rs,
      deploy-finalize,
    }:
    let
      system = "x86_64-linux";
    in
    {
      nixosConfigurations.web = nixpkgs.lib.nixosSystem {
        inherit system;
        modules = [
          deploy-finalize.nixosModules.default
          ./configuration.nix
        ];
      };

      deploy.nodes.web = {
        # The runner is on the host itself.
        hostname = "localhost";
        sshUser = "root";
        profiles.system = {
          user = "root";
          # In the place of deploy-rs' activate.nixos: no switch while the job runs.
          path = deploy-finalize.lib.deployRs.activate deploy-rs.lib.${system} self.nixosConfigurations.web;
        };
      };

      # For `nix run .#deploy-rs` in the job: the deploy-rs that the lock file pins. A package by the
      # name `deploy` would hide the output above from deploy-rs, which evaluates `.#deploy`.
      apps.${system}.deploy-rs = {
        type = "app";
        program = "${deploy-rs.packages.${system}.deploy-rs}/bin/deploy";
      };

      checks.${system} = deploy-rs.lib.${system}.deployChecks self.deploy;
    };
}
