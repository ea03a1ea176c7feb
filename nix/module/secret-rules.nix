# No secret of `settings`, which has no types, is in the store: assertions. Those of the
# options are refused by their type.
{ lib }:
let
  inherit (import ./requirements.nix { inherit lib; }) at require;
  inherit (import ./types.nix { inherit lib; }) secretFile;

  secretsOf =
    place: keys: entry:
    map (key: {
      place = "${place}.${key}";
      file = entry.${key};
    }) (lib.filter (key: builtins.isAttrs entry && entry.${key} or null != null) keys);

  asList = value: if builtins.isList value then value else [ ];
in
settings:
let
  report = settings.report or { };
  receiver =
    index:
    secretsOf (at "settings.report.receivers.${toString index}") [
      "urlFile"
      "tokenFile"
      "secretFile"
    ];
  secrets =
    lib.concatLists (lib.imap0 receiver (asList (report.receivers or [ ])))
    ++ secretsOf (at "settings.lock") [
      "passwordFile"
      "keyFile"
    ] (settings.lock or null);
in
map (
  { place, file }:
  require (secretFile.check file)
    "${place} has to be an absolute path, as a string, of a file that is not in the store, where everybody can read it."
) secrets
