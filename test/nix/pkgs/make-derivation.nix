# Stand-in for stdenv.mkDerivation and what nixpkgs builds on it. builder.sh runs the phases.
lib:
let
  # What is for people or for Nix itself, not for the builder.
  hidden = [
    "meta"
    "passthru"
    "strictDeps"
  ];
in
rec {
  mkDerivation =
    attrs:
    let
      name = attrs.name or "${attrs.pname}-${attrs.version}";
      built = derivation (
        removeAttrs attrs hidden
        // {
          inherit name;
          system = builtins.currentSystem;
          builder = "/bin/bash";
          args = [ ./builder.sh ];
          # The machine's own tools stand in for those of stdenv.
          standInPath = "/usr/bin:/bin";
        }
      );
    in
    built // { meta = attrs.meta or { }; } // (attrs.passthru or { });

  runCommand =
    name: attrs: buildCommand:
    mkDerivation (attrs // { inherit name buildCommand; });

  writeText =
    name: text:
    runCommand name {
      inherit text;
      passAsFile = [ "text" ];
    } ''cp "$textPath" "$out"'';

  symlinkJoin =
    {
      name,
      paths,
      postBuild ? "",
      ...
    }@join:
    runCommand name
      (removeAttrs join [
        "name"
        "postBuild"
      ])
      ''
        mkdir -p $out
        for path in $paths; do cp -rs --no-preserve=mode "$path/." $out/; done
        ${postBuild}
      '';

  formats.json = settings: {
    inherit ((import ../evaluator/pkgs.nix lib).formats.json settings) type;
    generate = name: value: writeText name (builtins.toJSON value);
  };

  # A package whose programs are those of the machine.
  installed =
    pname: version: programs:
    runCommand pname
      {
        inherit pname version;
        meta.mainProgram = builtins.head (builtins.attrNames programs);
      }
      ''
        mkdir -p $out/bin
        ${lib.concatLines (
          builtins.attrValues (builtins.mapAttrs (name: file: "ln -s ${file} $out/bin/${name}") programs)
        )}
      '';

  # A package that is used by what it adds to the builder.
  setupHook =
    name: script:
    runCommand name { inherit script; } ''
      mkdir -p $out/nix-support
      cp $script $out/nix-support/setup-hook
    '';
}
