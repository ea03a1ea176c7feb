# The sources of the run-time libraries, for a build without npm: package-lock.json names no
# addresses, which nixpkgs' npm fetchers need. Versions are those of package.json
# (package.nix compares them); the hashes are those of the archives of these tags.
{ fetchFromGitHub }:
{
  commander = rec {
    version = "15.0.0";
    src = fetchFromGitHub {
      owner = "tj";
      repo = "commander.js";
      tag = "v${version}";
      hash = "sha256-9RE6NdU3sO7pT/NGH4CoqyHCJZMNURjCCouSNmz00wo=";
    };
  };
  valibot = rec {
    version = "1.4.2";
    src = fetchFromGitHub {
      owner = "open-circle";
      repo = "valibot";
      tag = "v${version}";
      hash = "sha256-d31nTB0auLHeBLUrEaaFkPdRgDw0UYsQ0hgzpEJcd50=";
    };
  };
}
