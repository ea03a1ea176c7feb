# A stand-in for colmena as the input of a template.
{
  inputs.nixpkgs.url = "path:/nowhere";
  outputs =
    { nixpkgs, ... }:
    {
      lib.makeHive =
        hive:
        builtins.mapAttrs (
          _: host:
          nixpkgs.lib.nixosSystem {
            modules = [
              hive.defaults
              host
            ];
          }
        ) (removeAttrs hive [ "meta" "defaults" ]);
      packages.x86_64-linux.colmena = "/nix/store/colmena";
    };
}
