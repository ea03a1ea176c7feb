# What the entries of `waitFor.runners` have to fulfil beyond their types: assertions.
{ lib }:
let
  inherit (import ./requirements.nix { inherit lib; })
    at
    duplicates
    keyOfKind
    require
    ;

  runner =
    index: { preset, detect, ... }:
    let
      place = at "waitFor.runners.${toString index}";
      detection = "${place}.detect";
    in
    [
      (require (
        preset != null || detect != null
      ) "${place} has neither preset nor detect: it cannot be told whether it runs a job. Set one of them.")
      (require (preset == null || detect == null) "${place} has both preset and detect. Remove one of them.")
    ]
    ++ lib.optionals (detect != null) [
      (keyOfKind detection detect "pattern" [ "containers" "process-name" ] true)
      (keyOfKind detection detect "command" [ "command" ] true)
    ];

  distinctRunners = runners: [
    (require (duplicates runners == [ ])
      "${at "waitFor.runners"} has the same entry more than once, for ${
        lib.concatStringsSep ", " (map (runner: runner.unit) (duplicates runners))
      }. Remove the others."
    )
  ];
in
runners: lib.concatLists (lib.imap0 runner runners) ++ distinctRunners runners
