# What the entries of `report.receivers` have to fulfil beyond their types: assertions.
{ lib }:
let
  inherit (import ./requirements.nix { inherit lib; })
    at
    duplicates
    isSet
    keyOfKind
    require
    ;

  statuses = [
    "gitea"
    "forgejo"
    "github"
    "gitlab"
  ];
  forges = statuses ++ [ "github-deployment" ];
  withServer = forges ++ [
    "gotify"
    "matrix"
  ];
  hooks = [
    "webhook"
    "ntfy"
  ];
  chats = [
    "slack"
    "discord"
  ];

  namesTopic =
    url: builtins.match "https?://[^/?#]+/([^?#]*/)?[A-Za-z0-9_-]+/*" url != null;

  receiver =
    index: entry:
    let
      place = at "report.receivers.${toString index}";
      key = keyOfKind place entry;
      needs =
        name: kinds:
        require (
          !(lib.elem entry.kind kinds) || isSet entry name
        ) "${place}: kind \"${entry.kind}\" needs ${name}. Set ${place}.${name}.";
    in
    [
      (key "url" (withServer ++ hooks) false)
      (needs "url" withServer)
      (key "urlFile" (hooks ++ chats) false)
      (needs "urlFile" chats)
      (require (
        !(lib.elem entry.kind hooks) || isSet entry "url" != isSet entry "urlFile"
      ) "${place}: kind \"${entry.kind}\" needs either url or urlFile. Set one of them.")
      (require (
        entry.kind != "ntfy" || !(isSet entry "url") || namesTopic entry.url
      ) "${place}.url names no topic. Set it to an address such as https://ntfy.sh/TOPIC.")
      (key "tokenFile" (withServer ++ hooks) false)
      (needs "tokenFile" withServer)
      (key "secretFile" [ "webhook" ] false)
      (key "repository" forges false)
      (key "link" forges false)
      (key "context" statuses false)
      (key "waitForJob" statuses false)
      (key "environment" [ "github-deployment" ] true)
      (key "room" [ "matrix" ] true)
      (key "command" [ "command" ] true)
    ];

  distinct =
    receivers:
    let
      names = duplicates (map (entry: if entry.name == null then entry.kind else entry.name) receivers);
    in
    require (
      names == [ ]
    ) "${at "report.receivers"} has several named ${lib.concatStringsSep ", " names}. Give each its own name.";
in
receivers: lib.concatLists (lib.imap0 receiver receivers) ++ [ (distinct receivers) ]
