import assert from "node:assert/strict";
import type { PrivateNix } from "./pkgs/private-nix.ts";
import { nixTest } from "./pkgs/nix-test.ts";
import { enabled, withEvaluator } from "./view.ts";

/** What the module makes of the runners of a host. */
async function units(nix: PrivateNix, services: string, options = "", more = ""): Promise<unknown> {
  return await nix.evaluate(
    withEvaluator(`let
      host = import ${import.meta.dirname}/evaluator/nixos.nix {
        inherit lib pkgs;
        modules = [
          ${import.meta.dirname}/../../nix/module.nix
          { services = { ${services} }; }
          { ${more} }
          ${enabled(options)}
        ];
      };
      drained = lib.filterAttrs (name: _: builtins.match "deploy-finalize.*" name == null) host.config.systemd.services;
    in builtins.mapAttrs (_: unit: unit.serviceConfig // { says = unit.environment.DEPLOY_FINALIZE_STOP or null; }) drained`),
  );
}

const DRAINS = {
  KillMode: "mixed",
  KillSignal: "SIGTERM",
  TimeoutStopSec: 10_860,
  says: "drains",
};

nixTest("drain: the stop of each runner that can becomes a drain", async (nix) => {
  const services = `
    gitea-actions-runner.instances.my-host.enable = true;
    forgejo-runner.instances.berg.enable = true;
    gitlab-runner.enable = true;
    buildkite-agents.one = { };
    concourse-worker.enable = true;
    github-runners.a.enable = true;`;
  assert.deepEqual(await units(nix, services), {
    "gitea-runner-my\\x2dhost": DRAINS,
    "forgejo-runner-berg": DRAINS,
    "gitlab-runner": { ...DRAINS, KillSignal: "SIGQUIT" },
    "buildkite-agent-one": DRAINS,
    "concourse-worker": { ...DRAINS, KillSignal: "SIGUSR1" },
  });
});

nixTest(
  "drain: what nixpkgs says of the unit gives way, and the user's word does not",
  async (nix) => {
    const said = `systemd.services.buildkite-agent-one.serviceConfig = {
    TimeoutStopSec = "2 min"; KillMode = lib.mkForce "process"; };`;
    assert.deepEqual(await units(nix, `buildkite-agents.one = { };`, "", said), {
      "buildkite-agent-one": { ...DRAINS, KillMode: "process" },
    });
  },
);

nixTest("drain: a job has as long as it is waited for, and three hours at least", async (nix) => {
  for (const [timeout, seconds] of [
    [60, 10_860],
    [20_000, 20_060],
    [`"5h 30min"`, 19_860],
  ] as const) {
    const made = await units(nix, `buildkite-agents.one = { };`, `waitFor.timeout = ${timeout};`);
    assert.deepEqual(made, { "buildkite-agent-one": { ...DRAINS, TimeoutStopSec: seconds } });
  }
});

for (const options of ["waitFor.drainRunners = false;", "waitFor.autoDetectRunners = false;"]) {
  nixTest(`drain: no unit is touched with ${options}`, async (nix) => {
    assert.deepEqual(await units(nix, `gitlab-runner.enable = true;`, options), {});
  });
}

nixTest("drain: Gitea's runner gets its own setting, and nothing of it is lost", async (nix) => {
  const settings = await nix.evaluate(
    withEvaluator(`let services = (import ${import.meta.dirname}/evaluator/nixos.nix {
      inherit lib pkgs;
      modules = [
        ${import.meta.dirname}/../../nix/module.nix
        { services.gitea-actions-runner.instances.a = { enable = true; settings.runner.capacity = 2; }; }
        { services.forgejo-runner.instances.b.enable = true; }
        ${enabled("")}
      ];
    }).config.services; in [
      services.gitea-actions-runner.instances.a.settings
      services.forgejo-runner.instances.b.settings
    ]`),
  );
  assert.deepEqual(settings, [
    { runner: { capacity: 2, shutdown_timeout: "10800s" } },
    { runner: { name: "b", shutdown_timeout: "10800s" } },
  ]);
});

nixTest("drain: a runner whose user gives jobs less time is left to be looked at", async (nix) => {
  const services = `gitea-actions-runner.instances.a = { enable = true; settings.runner.shutdown_timeout = "10s"; };`;
  assert.deepEqual(await units(nix, services), {});
});

nixTest("drain: what settings say of the same keys counts", async (nix) => {
  const of = async (settings: string) =>
    await units(nix, "buildkite-agents.one = { };", `settings.waitFor = { ${settings} };`);
  assert.deepEqual(await of("timeout = 20000;"), {
    "buildkite-agent-one": { ...DRAINS, TimeoutStopSec: 20_060 },
  });
  assert.deepEqual(await of("drainRunners = false;"), {});
  // The program does not know the runner then, so its stop stays as it is.
  assert.deepEqual(await of("runners = [ ];"), {});
  // It is the build of the configuration file that refuses it.
  assert.deepEqual(await of(`timeout = "soon";`), { "buildkite-agent-one": DRAINS });
});
