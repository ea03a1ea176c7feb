# Gitea's runners whose metrics are enabled, as further entries of `waitFor.runners`: the metrics also
# tell of a job on which only the runner's own process works.
{
  lib,
  utils,
  services,
}:
let
  gitea = services.gitea-actions-runner or { };
  isGitea = !(gitea ? package && lib.hasPrefix "forgejo" (lib.getName gitea.package));
  metricsOf = instance: instance.settings.metrics or { };
  # Its host and its port; null if the runner cannot listen there.
  partsOf =
    instance: builtins.match "(.*):([0-9]+)" ((metricsOf instance).addr or "127.0.0.1:9101");
  isShown = _: one: one.enable && (metricsOf one).enabled or false && partsOf one != null && isGitea;
  shown = lib.filterAttrs isShown (gitea.instances or { });
  # On every address of the host, so also on this one.
  isAny = host: lib.elem host [
    ""
    "0.0.0.0"
    "[::]"
  ];
  addressOf =
    instance:
    let
      parts = partsOf instance;
      host = lib.head parts;
    in
    if isAny host then "127.0.0.1:${lib.last parts}" else lib.concatStringsSep ":" parts;
in
lib.mapAttrsToList (name: instance: {
  unit = "gitea-runner-${utils.escapeSystemdPath name}.service";
  detect = {
    kind = "metrics";
    url = "http://${addressOf instance}/metrics";
    metric = "gitea_runner_job_running";
  };
}) shown
