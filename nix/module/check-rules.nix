# What the entries of `verify.checks` have to fulfil beyond their types: assertions.
{ lib }:
let
  inherit (import ./requirements.nix { inherit lib; })
    at
    duplicates
    keyOfKind
    require
    ;

  check =
    index: entry:
    let
      key = keyOfKind (at "verify.checks.${toString index}") entry;
    in
    [
      (key "unit" [ "unit" ] true)
      (key "command" [ "command" ] true)
      (key "url" [ "http" ] true)
      (key "status" [ "http" ] false)
      (key "body" [ "http" ] false)
      (key "host" [ "tcp" ] true)
      (key "port" [ "tcp" ] true)
    ];

  distinctChecks =
    checks:
    let
      names = duplicates (lib.filter (name: name != null) (map (check: check.name) checks));
    in
    [
      (require (
        names == [ ]
      ) "${at "verify.checks"} has several checks named ${lib.concatStringsSep ", " names}. Give each its own name.")
      (require (
        duplicates checks == [ ]
      ) "${at "verify.checks"} has the same check more than once. Remove the others.")
    ];
in
checks: lib.concatLists (lib.imap0 check checks) ++ distinctChecks checks
