# The single values of `report`, as tight as the program's (src/core/config-schema-report.ts).
{ lib }:
let
  inherit (lib) types;
  matching =
    name: description: pattern:
    types.addCheck types.str (text: builtins.match pattern text != null) // { inherit name description; };
in
{
  receiverName = matching "receiverName" "name of lower-case letters, digits and dashes, 40 at most" "[a-z0-9][a-z0-9-]{0,39}";
  repositoryName = matching "repositoryName" "name of a repository, such as infra/hosts, and not its address" "[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*";
  linkAddress = matching "linkAddress" "address that begins with http:// or https://" "https?://.+";
  roomId = matching "roomId" "id of a Matrix room, such as !abc:example.org" "!.*";
  # In `/` itself its folder would be all there is, and a unit may write into its folder.
  metricsFile =
    matching "metricsFile" "absolute path, as a string, that ends in .prom, of a file in a folder below /"
      "(/[^/.][^/]*)+/[^/]*\\.prom";
  event = types.enum [
    "scheduled"
    "waiting"
    "switching"
    "rebooting"
    "verifying"
    "rolling-back"
    "live"
    "rolled-back"
    "failed"
    "superseded"
    "cancelled"
  ];
}
