# A stand-in for deploy-rs as the input of a template.
{
  inputs.nixpkgs.url = "path:/nowhere";
  outputs = _: {
    lib.x86_64-linux = {
      activate.custom.__functor =
        self: base: activate:
        builtins.toJSON (removeAttrs self [ "__functor" ] // { inherit base activate; });
      deployChecks = deploy: builtins.mapAttrs (_: node: node.profiles.system.path) deploy.nodes;
    };
    packages.x86_64-linux.deploy-rs = "/nix/store/deploy-rs";
  };
}
