# What package and helper need of nixpkgs' `lib` besides the module system, whose stand-in
# (../evaluator) this extends.
let
  lib = import ../evaluator;
  isBelow = folder: path: path == folder || lib.hasPrefix "${folder}/" path;

  # A filter for builtins.path: the paths named, what is below them and the folders above.
  only = paths: path: _type: lib.any (wanted: isBelow wanted path || isBelow path wanted) paths;
in
lib
// {
  inherit only;
  importJSON = path: builtins.fromJSON (builtins.readFile path);
  assertMsg = condition: message: condition || throw message;

  licenses.mit = {
    spdxId = "MIT";
    free = true;
  };
  platforms.linux = [
    "x86_64-linux"
    "aarch64-linux"
  ];

  # A file set is here the list of its paths.
  fileset = {
    unions = paths: paths;
    toSource =
      { root, fileset }:
      let
        missing = builtins.filter (path: !builtins.pathExists path) fileset;
      in
      if missing != [ ] then
        throw "lib.fileset: these do not exist: ${toString missing}"
      else
        builtins.path {
          path = root;
          name = "source";
          filter = only (map toString fileset);
        };
  };
}
