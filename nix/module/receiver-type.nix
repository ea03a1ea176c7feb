# One entry of `report.receivers`.
{ lib }:
let
  inherit (lib) mkOption types;
  finalizeTypes = import ./types.nix { inherit lib; };
  reportTypes = import ./report-types.nix { inherit lib; };
  orNull =
    type: description:
    mkOption {
      type = types.nullOr type;
      default = null;
      inherit description;
    };
in
types.submodule {
  options = {
    kind = mkOption {
      type = types.enum [
        "gitea"
        "forgejo"
        "github"
        "gitlab"
        "github-deployment"
        "webhook"
        "ntfy"
        "gotify"
        "slack"
        "discord"
        "matrix"
        "command"
      ];
      description = ''
        What it is. The first four hold the status of the deployed commit; docs/reports.md says
        what each kind is told.
      '';
    };

    name = orNull reportTypes.receiverName "What it is called in the journal and the metrics. Null: as its kind.";
    events = orNull (types.nonEmptyListOf reportTypes.event) ''
      The states that it is told of. Null: `live`, `rolled-back` and `failed`; forges are also
      told `scheduled`, `superseded` and `cancelled`.
    '';
    caFile = orNull finalizeTypes.absolutePath "The certificates to trust. Null: those of the system.";

    url = orNull finalizeTypes.webAddress "The address of the server; of the topic for `ntfy`. GitHub's own is https://github.com.";
    urlFile = orNull finalizeTypes.secretFile "A file with the address, where the address is a secret: always for `slack` and `discord`.";
    tokenFile = orNull finalizeTypes.secretFile "A file with the token, which only root may read.";
    secretFile = orNull finalizeTypes.secretFile "A file with the key that signs the body. Only for `webhook`.";

    repository = orNull reportTypes.repositoryName "`owner/name`; on GitLab the number or path of the project. Null: that of a CI run on this forge. Only for forges.";
    link = orNull reportTypes.linkAddress "Where the status leads to; `{host}`, `{id}` and `{revision}` are filled in. Null: the CI run. Only for forges.";
    context = orNull types.nonEmptyStr "What the status is called. Null: `deploy-finalize/` and the host's name. Only for commit statuses.";
    waitForJob = orNull types.bool "Whether to wait until the forge says that the CI job has ended. Null: no. Only for commit statuses.";
    environment = orNull types.nonEmptyStr "What is deployed to, such as `production`. Only for `github-deployment`.";
    room = orNull reportTypes.roomId "The room, which the token's user has joined. Only for `matrix`.";
    command = orNull finalizeTypes.command "A program that gets the event as JSON on its standard input. Only for `command`.";
  };
}
