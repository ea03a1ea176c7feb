# Stand-in for the generic builder of nixpkgs' stdenv: the phases, in its order and with its
# hooks, in bash. Runs under Nix with the derivation's attributes as variables.
set -euo pipefail

export PATH=$standInPath HOME=/homeless-shelter
for package in ${nativeBuildInputs-}; do
  PATH=$package/bin:$PATH
  # shellcheck source=/dev/null
  if [ -e "$package/nix-support/setup-hook" ]; then . "$package/nix-support/setup-hook"; fi
done

runHook() {
  local hook=${!1-}
  eval "$hook"
}

runPhase() {
  local text=${!1-$2}
  echo "Running phase: $1"
  eval "$text"
}

unpack() {
  runHook preUnpack
  cp -r "$src" source
  chmod -R u+w source
  cd source
  runHook postUnpack
}

# The real one does much here. What of it shows in a script: a shebang that only a distribution
# has would not run on NixOS.
fixup() {
  runHook preFixup
  local file
  for file in "$out"/bin/*; do
    if head -n 1 "$file" | grep -q '^#!.*/usr/bin/env'; then
      echo "$file has a shebang that needs /usr/bin/env" >&2
      return 1
    fi
  done
  runHook postFixup
}

cd "$(mktemp -d)"
if [ -n "${buildCommand-}" ]; then
  eval "$buildCommand"
  exit
fi
runPhase unpackPhase unpack
runPhase configurePhase ''
runPhase buildPhase ''
runPhase installPhase ''
runPhase fixupPhase fixup
if [ -n "${doInstallCheck-}" ]; then runPhase installCheckPhase ''; fi
