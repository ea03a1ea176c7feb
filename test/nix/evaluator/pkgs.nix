# A stand-in for the few functions of `pkgs` that the module calls. Nothing is built:
# what would be is kept as data, so that tests can look at it.
lib:
let
  # A path that differs when the content does, as a real one.
  outPath =
    name: content:
    "/nix/store/${builtins.substring 0 32 (builtins.hashString "sha256" (builtins.toJSON content))}-${name}";
  derivation =
    name: content:
    content
    // {
      type = "derivation";
      inherit name;
      outPath = outPath name content;
    };
in
{
  inherit lib;
  formats.json = _: {
    type =
      let
        json =
          with lib.types;
          nullOr (oneOf [ bool int float str path (attrsOf json) (listOf json) ])
          // {
            description = "JSON value";
            shape.kind = "anything";
          };
      in
      json;
    generate = name: value: derivation name { text = builtins.toJSON value; };
  };
  runCommand = name: attributes: buildCommand: derivation name (attributes // { inherit buildCommand; });
  stdenv = {
    buildPlatform.canExecute = _: true;
    hostPlatform = { };
  };
  # In place of its path, so that it can be found in what names it.
  writeShellScript = name: text: "<<${name}\n${text}>>";
  symlinkJoin = { name, ... }@join: derivation name join;
  coreutils = derivation "coreutils" { };
  makeBinaryWrapper = derivation "make-binary-wrapper-hook" { };
  # A program of any name: its only property is that it has one.
  program = name: derivation "${name}-1.2.3" { pname = name; meta.mainProgram = name; };
}
