# The CI runners that a configuration declares, as entries of `waitFor.runners`.
# Unit names as nixpkgs' modules make them: notes/nixpkgs-runner-units.md. Each may
# be absent: nixpkgs had not all of these modules at all times.
{
  lib,
  utils,
  services,
}:
let
  enabled = lib.filterAttrs (_: runner: runner.enable);
  entries =
    preset: unitOf: runners:
    map (name: {
      unit = "${unitOf name}.service";
      inherit preset;
    }) (lib.attrNames (enabled runners));

  # A service without instances, and its units.
  one =
    preset: service: units:
    lib.optionals (service.enable or false) (
      map (unit: {
        unit = "${unit}.service";
        inherit preset;
      }) units
    );

  gitea = services.gitea-actions-runner or { };
  # Forgejo's runner was run by Gitea's module before it had one of its own.
  isForgejo = gitea ? package && lib.hasPrefix "forgejo" (lib.getName gitea.package);
  # The units of these two are named from the name as systemd-escape(1) writes it.
  escaped = prefix: name: "${prefix}-${utils.escapeSystemdPath name}";
  plain = prefix: name: "${prefix}-${name}";
in
lib.concatLists [
  (entries (
    if isForgejo then "forgejo-runner" else "gitea-actions-runner"
  ) (escaped "gitea-runner") (gitea.instances or { }))
  (entries "forgejo-runner" (escaped "forgejo-runner") (services.forgejo-runner.instances or { }))
  (entries "github-runner" (plain "github-runner") (services.github-runners or { }))
  (entries "buildkite-agent" (plain "buildkite-agent") (services.buildkite-agents or { }))
  (entries "woodpecker-agent" (plain "woodpecker-agent") (services.woodpecker-agents.agents or { }))
  (one "gitlab-runner" (services.gitlab-runner or { }) [ "gitlab-runner" ])
  (one "hercules-ci-agent" (services.hercules-ci-agent or { }) [ "hercules-ci-agent" ])
  (one "hydra" (services.hydra or { }) [
    "hydra-evaluator"
    "hydra-queue-runner"
  ])
  (one "hydra-builder" (services.hydra-builder or { }) [ "hydra-builder" ])
  (one "buildbot-worker" (services.buildbot-worker or { }) [ "buildbot-worker" ])
  (one "cachix-agent" (services.cachix-agent or { }) [ "cachix-agent" ])
  (one "concourse-worker" (services.concourse-worker or { }) [ "concourse-worker" ])
  (one "garm" (services.garm or { }) [ "garm" ])
]
