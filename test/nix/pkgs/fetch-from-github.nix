# Stand-in for fetchFromGitHub, without a network: what npm has of the libraries, laid out as in
# their repositories. It gives nothing that was not asked for exactly.
{
  lib,
  runCommand,
  # A folder such as npm makes.
  modules,
}:
let
  versionOf = module: (lib.importJSON "${modules}/${module}/package.json").version;
  fromNpm =
    module: files:
    builtins.path {
      path = "${modules}/${module}";
      name = module;
      filter = lib.only (map (file: "${modules}/${module}/${file}") files);
    };

  # Each with the hash of the real archive of the tag (notes/library-sources.md).
  repositories = {
    "tj/commander.js" = {
      version = versionOf "commander";
      hash = "sha256-9RE6NdU3sO7pT/NGH4CoqyHCJZMNURjCCouSNmz00wo=";
      source = fromNpm "commander" [
        "package.json"
        "index.js"
        "lib"
      ];
    };
    "open-circle/valibot" = {
      version = versionOf "valibot";
      hash = "sha256-d31nTB0auLHeBLUrEaaFkPdRgDw0UYsQ0hgzpEJcd50=";
      # npm has the bundle of the sources instead of them.
      source =
        runCommand "source"
          {
            npm = fromNpm "valibot" [
              "package.json"
              "dist/index.mjs"
            ];
          }
          ''
            mkdir -p $out/library/src
            cp $npm/package.json $out/library/
            cp $npm/dist/index.mjs $out/library/src/index.ts
          '';
    };
  };
in
{
  owner,
  repo,
  tag,
  hash,
}:
let
  wanted = "${owner}/${repo}";
  known = repositories.${wanted} or (throw "fetchFromGitHub: the stand-in does not have ${wanted}");
in
if tag != "v${known.version}" then
  throw "fetchFromGitHub: npm has ${wanted} ${known.version}, asked for was ${tag}"
else if hash != known.hash then
  throw "fetchFromGitHub: hash mismatch for ${wanted} ${tag}: ${hash}"
else
  known.source
