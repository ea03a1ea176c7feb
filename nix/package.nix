# The program, made by scripts/build as everywhere else.
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
  gnugrep,
  nix,
  systemd,
  util-linux,
  # The address of docs/runbook.md for people; alerts link to its sections then.
  runbookUrl ? null,
}:
let
  manifest = lib.importJSON ../package.json;
  libraries = import ./sources.nix { inherit fetchFromGitHub; };
  pinned = lib.mapAttrs (_: library: library.version) libraries;
  node = if lib.versionAtLeast nodejs-slim.version "24.5" then nodejs-slim else nodejs-slim_24;

  # What it runs itself, before whatever the caller has: it must not depend on that.
  tools = lib.makeBinPath [
    systemd
    nix
    util-linux
    coreutils
    gnugrep
  ];
  # What the environment of a caller would make of Node: a job that tests JavaScript exports
  # NODE_OPTIONS for programs of its own, and `--json` must stay JSON (notes/node-environment.md).
  steering = [
    "NODE_CHANNEL_FD"
    "NODE_COMPILE_CACHE"
    "NODE_DEBUG"
    "NODE_DEBUG_NATIVE"
    "NODE_DISABLE_COLORS"
    "NODE_EXTRA_CA_CERTS"
    "NODE_ICU_DATA"
    "NODE_NO_WARNINGS"
    "NODE_PATH"
    "NODE_PENDING_DEPRECATION"
    "NODE_PENDING_PIPE_INSTANCES"
    "NODE_PRESERVE_SYMLINKS"
    "NODE_PRESERVE_SYMLINKS_MAIN"
    "NODE_REDIRECT_WARNINGS"
    "NODE_REPL_EXTERNAL_MODULE"
    "NODE_REPL_HISTORY"
    "NODE_SKIP_PLATFORM_CHECK"
    "NODE_TEST_CONTEXT"
    "NODE_TLS_REJECT_UNAUTHORIZED"
    "NODE_UNIQUE_ID"
    "NODE_USE_ENV_PROXY"
    "NODE_USE_SYSTEM_CA"
    "NODE_V8_COVERAGE"
    "OPENSSL_CONF"
    "SSL_CERT_DIR"
    "SSL_CERT_FILE"
    "UV_THREADPOOL_SIZE"
    "UV_USE_IO_URING"
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
      ../contrib/grafana
      ../contrib/prometheus/deploy-finalize.rules.yml
      ../man
      ../package.json
      ../scripts/build
      ../src
      ../tsconfig.json
    ];
  };

  strictDeps = true;
  nativeBuildInputs = [
    esbuild
    installShellFiles
    makeBinaryWrapper
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
    ESBUILD=esbuild sh scripts/build
    scdoc < man/deploy-finalize.8.scd > deploy-finalize.8
    runHook postBuild
  '';

  installPhase = ''
    runHook preInstall
    program=$out/lib/deploy-finalize/deploy-finalize.cjs
    install -D --mode=444 dist/deploy-finalize.cjs "$program"
    makeWrapper ${lib.getExe node} "$out/bin/deploy-finalize" \
      --add-flags "$program" \
      --prefix PATH : ${tools} \
      --suffix PATH : ${systemPrograms} \
      --unset NODE_OPTIONS \
      ${lib.concatMapStringsSep " " (name: "--unset ${name}") steering}
    installManPage deploy-finalize.8
    installShellCompletion --cmd deploy-finalize contrib/completions/deploy-finalize.{bash,zsh,fish}
    install -D --mode=444 --target-directory "$out/lib/systemd/catalog" contrib/deploy-finalize.catalog
    install -D --mode=644 --target-directory "$out/share/deploy-finalize" \
      contrib/prometheus/deploy-finalize.rules.yml contrib/grafana/deploy-finalize.json
    ${lib.optionalString (runbookUrl != null) ''
      sed --in-place --regexp-extended \
        's|^( *)runbook: .*deploy-finalize help ([a-z-]+),.*|&\n\1runbook_url: "${runbookUrl}#\2"|' \
        "$out/share/deploy-finalize/deploy-finalize.rules.yml"
    ''}
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
