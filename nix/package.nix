# The program, made by scripts/build as everywhere else, and started by Node in the quickest
# way (notes/node-start.md).
{
  lib,
  stdenvNoCC,
  fetchFromGitHub,
  esbuild,
  installShellFiles,
  makeBinaryWrapper,
  scdoc,
  nodejs-slim,
  # Needed only where nixpkgs' default is older.
  nodejs-slim_24 ? nodejs-slim,
  coreutils,
  nix,
  systemd,
  util-linux,
}:
let
  manifest = lib.importJSON ../package.json;
  libraries = import ./sources.nix { inherit fetchFromGitHub; };
  pinned = lib.mapAttrs (_: library: library.version) libraries;
  node = if lib.versionAtLeast nodejs-slim.version "24" then nodejs-slim else nodejs-slim_24;

  # What it runs itself, before whatever the caller has: it must not depend on that.
  tools = lib.makeBinPath [
    systemd
    nix
    util-linux
    coreutils
  ];
  # For the commands of checks and runners, which are the operator's: found the same from
  # SSH, from a timer and at boot, in the system that is current when they run.
  systemPrograms = "/run/wrappers/bin:/run/current-system/sw/bin";
in
assert lib.assertMsg (manifest.dependencies == pinned)
  "nix/sources.nix has ${builtins.toJSON pinned}, but package.json wants ${builtins.toJSON manifest.dependencies}. Update versions and hashes in nix/sources.nix.";
stdenvNoCC.mkDerivation {
  pname = manifest.name;
  inherit (manifest) version;

  src = lib.fileset.toSource {
    root = ../.;
    fileset = lib.fileset.unions [
      ../contrib/completions
      ../contrib/deploy-finalize.catalog
      ../man
      ../package.json
      ../scripts/build
      ../scripts/compile.ts
      ../src
      ../tsconfig.json
    ];
  };

  strictDeps = true;
  nativeBuildInputs = [
    esbuild
    installShellFiles
    makeBinaryWrapper
    node
    scdoc
  ];

  # As npm would lay them out. Valibot is published as one file, bundled from its sources;
  # bundled here likewise, ours is the same program as the one from npm.
  configurePhase = ''
    runHook preConfigure
    mkdir -p node_modules
    cp -r ${libraries.commander.src} node_modules/commander
    cp -r ${libraries.valibot.src}/library node_modules/valibot
    chmod -R u+w node_modules
    (
      cd node_modules/valibot
      esbuild src/index.ts --bundle --format=esm --log-level=warning --outfile=dist/index.mjs
    )
    runHook postConfigure
  '';

  buildPhase = ''
    runHook preBuild
    ESBUILD=esbuild NODE=node sh scripts/build
    scdoc < man/deploy-finalize.8.scd > deploy-finalize.8
    runHook postBuild
  '';

  installPhase = ''
    runHook preInstall
    folder=$out/lib/deploy-finalize
    install -D --mode=444 --target-directory "$folder" dist/*
    makeWrapper ${lib.getExe node} "$out/bin/deploy-finalize" \
      --add-flags "${manifest.config.nodeFlags} $folder/launch.cjs" \
      --prefix PATH : ${tools} \
      --suffix PATH : ${systemPrograms}
    installManPage deploy-finalize.8
    installShellCompletion --cmd deploy-finalize contrib/completions/deploy-finalize.{bash,zsh,fish}
    install -D --mode=444 --target-directory "$out/lib/systemd/catalog" contrib/deploy-finalize.catalog
    runHook postInstall
  '';

  doInstallCheck = true;
  installCheckPhase = ''
    runHook preInstallCheck
    said=$("$out/bin/deploy-finalize" --version)
    if [ "$said" != ${manifest.version} ]; then
      echo "deploy-finalize --version said '$said', not ${manifest.version}" >&2
      exit 1
    fi
    runHook postInstallCheck
  '';

  meta = {
    inherit (manifest) description;
    longDescription = ''
      A deploy makes a new NixOS system the boot default; deploy-finalize makes it the running
      system once the deploying CI job has ended, by a switch or a reboot. It verifies the
      result, goes back by itself, survives crashes and says truthfully how it ended.
    '';
    license = lib.licenses.mit;
    mainProgram = "deploy-finalize";
    maintainers = [ ];
    platforms = lib.platforms.linux;
  }
  // lib.optionalAttrs (manifest ? homepage) { inherit (manifest) homepage; };
}
