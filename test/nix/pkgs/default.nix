# Stand-in for the handful of nixpkgs' packages and functions that our Nix files use, so that
# they are really built, by real Nix, where there is no nixpkgs.
{
  # Programs of the machine that builds, by absolute path.
  node,
  esbuild,
  scdoc,
  # Where npm has put the libraries.
  modules ? toString ../../../node_modules,
}:
let
  lib = import ./lib.nix;
  make = import ./make-derivation.nix lib;
  fromUsrBin =
    pname: names:
    make.installed pname "0" (lib.genAttrs names (name: "/usr/bin/${name}"));

  pkgs = {
    inherit lib;
    inherit (make)
      formats
      runCommand
      symlinkJoin
      writeText
      ;
    stdenvNoCC = { inherit (make) mkDerivation; };
    stdenv = {
      buildPlatform.canExecute = _: true;
      hostPlatform = { };
    };
    callPackage =
      file: overrides:
      let
        package = import file;
      in
      package (builtins.intersectAttrs (builtins.functionArgs package) pkgs // overrides);
    fetchFromGitHub = import ./fetch-from-github.nix {
      inherit lib modules;
      inherit (make) runCommand;
    };

    esbuild = make.installed "esbuild" "0" { inherit esbuild; };
    scdoc = make.installed "scdoc" "0" { inherit scdoc; };
    nodejs-slim = make.installed "nodejs-slim" "24.0.0" { inherit node; };

    coreutils = fromUsrBin "coreutils" [
      "cat"
      "stat"
    ];
    gnugrep = fromUsrBin "gnugrep" [ "grep" ];
    gnused = fromUsrBin "gnused" [ "sed" ];
    nix = fromUsrBin "nix" [
      "nix"
      "nix-env"
      "nix-store"
    ];
    systemd = fromUsrBin "systemd" [
      "busctl"
      "journalctl"
      "systemctl"
      "systemd-analyze"
      "systemd-notify"
      "systemd-run"
    ];
    util-linux = fromUsrBin "util-linux" [
      "flock"
      "logger"
    ];

    installShellFiles = make.setupHook "install-shell-files" ./hooks/install-shell-files.sh;
    makeBinaryWrapper = make.setupHook "make-binary-wrapper" ./hooks/make-wrapper.sh;
  };
in
pkgs
