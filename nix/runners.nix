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
  (lib.optional (services.gitlab-runner.enable or false) {
    unit = "gitlab-runner.service";
    preset = "gitlab-runner";
  })
]
