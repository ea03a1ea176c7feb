# Runners that show their jobs over HTTP on this host, as further entries of `waitFor.runners`: they also
# tell of a job on which only the runner's own process works.
{
  lib,
  utils,
  services,
}:
let
  # Its host and its port; null if nothing can listen there.
  partsOf = address: builtins.match "(.*):([0-9]+)" address;
  # On every address of the host, so also on this one.
  isAny = host: lib.elem host [
    ""
    "0.0.0.0"
    "[::]"
  ];
  reachable =
    address:
    let
      parts = partsOf address;
      host = lib.head parts;
    in
    if isAny host then "127.0.0.1:${lib.last parts}" else lib.concatStringsSep ":" parts;
  entry = unit: address: path: metric: {
    unit = "${unit}.service";
    detect = {
      kind = "metrics";
      url = "http://${reachable address}/${path}";
      inherit metric;
    };
  };

  gitea = services.gitea-actions-runner or { };
  isGitea = !(gitea ? package && lib.hasPrefix "forgejo" (lib.getName gitea.package));
  metricsOf = instance: instance.settings.metrics or { };
  addressOf = instance: (metricsOf instance).addr or "127.0.0.1:9101";
  isShown =
    _: one: one.enable && (metricsOf one).enabled or false && partsOf (addressOf one) != null && isGitea;

  # Only at an address that somebody has given it: the default of all agents is one and the same port,
  # which another program may have.
  healthOf = agent: (agent.environment or { }).WOODPECKER_HEALTHCHECK_ADDR or "";
  isAsked =
    _: one:
    one.enable
    && (one.environment or { }).WOODPECKER_HEALTHCHECK or "true" == "true"
    && partsOf (healthOf one) != null;
in
lib.mapAttrsToList (
  name: instance:
  entry "gitea-runner-${utils.escapeSystemdPath name}" (addressOf instance) "metrics"
    "gitea_runner_job_running"
) (lib.filterAttrs isShown (gitea.instances or { }))
++ lib.mapAttrsToList (
  name: agent: entry "woodpecker-agent-${name}" (healthOf agent) "varz" "running_count"
) (lib.filterAttrs isAsked (services.woodpecker-agents.agents or { }))
