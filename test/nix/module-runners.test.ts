import assert from "node:assert/strict";
import * as v from "valibot";
import { RUNNER_PRESETS } from "../../src/core/config/config.ts";
import { presetForUnit, presetOf } from "../../src/gates/runners/presets.ts";
import { nixTest } from "./pkgs/nix-test.ts";
import type { PrivateNix } from "./pkgs/private-nix.ts";
import { enabled, hostView, viewSchema, withEvaluator } from "./view.ts";

const fileSchema = v.object({
  ...viewSchema.entries,
  file: v.object({ waitFor: v.object({ runners: v.array(v.unknown()) }) }),
});

interface Entry {
  readonly unit: string;
  readonly preset?: string;
  readonly detect?: object;
}

function runningCountAt(address: string): Entry {
  const url = `http://${address}/varz`;
  const detect = { kind: "metrics", url, metric: "running_count" };
  return { unit: "woodpecker-agent-a.service", detect };
}

/** Services of a host, options of the module, and the runners in its file. */
const cases: [string, string, string, Entry[]][] = [
  ["no runner", "", "", []],
  [
    "gitea's, by its escaped name, if enabled",
    `gitea-actions-runner.instances = { my-host.enable = true; off = { }; };`,
    "",
    [{ unit: "gitea-runner-my\\x2dhost.service", preset: "gitea-actions-runner" }],
  ],
  ...[
    ["", "127.0.0.1:9101"],
    [`addr = ":9102";`, "127.0.0.1:9102"],
    [`addr = "0.0.0.0:9103";`, "127.0.0.1:9103"],
    [`addr = "[::1]:9104";`, "[::1]:9104"],
  ].map(([addr = "", where = ""]): [string, string, string, Entry[]] => [
    `gitea's, whose metrics are at ${where}`,
    `gitea-actions-runner.instances.a = {
       enable = true; settings.metrics = { enabled = true; ${addr} };
     };`,
    "",
    [
      { unit: "gitea-runner-a.service", preset: "gitea-actions-runner" },
      {
        unit: "gitea-runner-a.service",
        detect: {
          kind: "metrics",
          url: `http://${where}/metrics`,
          metric: "gitea_runner_job_running",
        },
      },
    ],
  ]),
  ...[`addr = ":9102";`, `enabled = true; addr = "localhost";`].map(
    (metrics): [string, string, string, Entry[]] => [
      `gitea's, without metrics: ${metrics}`,
      `gitea-actions-runner.instances.a = { enable = true; settings.metrics = { ${metrics} }; };`,
      "",
      [{ unit: "gitea-runner-a.service", preset: "gitea-actions-runner" }],
    ],
  ),
  ...["forgejo-runner", "forgejo-actions-runner"].map((name): [string, string, string, Entry[]] => [
    `gitea's module with the package ${name}`,
    `gitea-actions-runner = { package = pkgs.program "${name}"; instances.default.enable = true; };`,
    "",
    [{ unit: "gitea-runner-default.service", preset: "forgejo-runner" }],
  ]),
  [
    "forgejo's own module",
    `forgejo-runner.instances.code-berg.enable = true;`,
    "",
    [{ unit: "forgejo-runner-code\\x2dberg.service", preset: "forgejo-runner" }],
  ],
  [
    "github's, by its plain name, if enabled",
    `github-runners = { my-host.enable = true; off.enable = false; };`,
    "",
    [{ unit: "github-runner-my-host.service", preset: "github-runner" }],
  ],
  [
    "gitlab's",
    `gitlab-runner.enable = true;`,
    "",
    [{ unit: "gitlab-runner.service", preset: "gitlab-runner" }],
  ],
  [
    "buildkite's, enabled unless said otherwise",
    `buildkite-agents = { one = { }; two.enable = false; };`,
    "",
    [{ unit: "buildkite-agent-one.service", preset: "buildkite-agent" }],
  ],
  [
    "woodpecker's",
    `woodpecker-agents.agents = { local.enable = true; off = { }; };`,
    "",
    [{ unit: "woodpecker-agent-local.service", preset: "woodpecker-agent" }],
  ],
  ...[
    [`WOODPECKER_HEALTHCHECK_ADDR = "127.0.0.1:3001";`, "127.0.0.1:3001"],
    [`WOODPECKER_HEALTHCHECK = "true"; WOODPECKER_HEALTHCHECK_ADDR = ":3002";`, "127.0.0.1:3002"],
    [`WOODPECKER_HEALTHCHECK = "false"; WOODPECKER_HEALTHCHECK_ADDR = ":3002";`],
    [`WOODPECKER_HEALTHCHECK_ADDR = "localhost";`],
    [`WOODPECKER_HEALTHCHECK = "true";`],
  ].map(([environment = "", where]): [string, string, string, Entry[]] => [
    `woodpecker's, with ${environment}`,
    `woodpecker-agents.agents.a = { enable = true; environment = { ${environment} }; };`,
    "",
    [
      { unit: "woodpecker-agent-a.service", preset: "woodpecker-agent" },
      ...(where === undefined ? [] : [runningCountAt(where)]),
    ],
  ]),
  [
    "hydra's two that build",
    `hydra.enable = true;`,
    "",
    [
      { unit: "hydra-evaluator.service", preset: "hydra" },
      { unit: "hydra-queue-runner.service", preset: "hydra" },
    ],
  ],
  ...[
    "hercules-ci-agent",
    "hydra-builder",
    "buildbot-worker",
    "cachix-agent",
    "concourse-worker",
    "garm",
  ].map((name): [string, string, string, Entry[]] => [
    name,
    `${name}.enable = true;`,
    "",
    [{ unit: `${name}.service`, preset: name }],
  ]),
  [
    "none where they are not to be found",
    `gitlab-runner.enable = true;`,
    `waitFor.autoDetectRunners = false;`,
    [],
  ],
  [
    "what is said of the same unit, in all its entries",
    `gitlab-runner.enable = true; github-runners.a.enable = true;`,
    `waitFor.runners = [
       { unit = "gitlab-runner.service"; detect.kind = "processes"; }
       { unit = "gitlab-runner.service"; detect = { kind = "process-name"; pattern = "job"; }; }
     ];`,
    [
      { unit: "gitlab-runner.service", detect: { kind: "processes" } },
      { unit: "gitlab-runner.service", detect: { kind: "process-name", pattern: "job" } },
      { unit: "github-runner-a.service", preset: "github-runner" },
    ],
  ],
  [
    "those of settings instead of all others",
    `gitlab-runner.enable = true;`,
    `settings.waitFor.runners = [ ];`,
    [],
  ],
];
for (const [what, services, options, expected] of cases) {
  nixTest(`runners: ${what}`, async (nix) => {
    const modules = enabled(options, `services = { ${services} };`);
    // A set in Nix names each key once.
    const split = `{ services = { ${services} }; } ${enabled(options)}`;
    const view = v.parse(
      fileSchema,
      await nix.evaluate(hostView(services === "" ? modules : split)),
    );
    assert.deepEqual(view.refusals, []);
    assert.deepEqual(view.file.waitFor.runners, expected);
  });
}

const MACHINES = `
  containers = {
    ci.config.services.gitlab-runner.enable = true;
    web.config.services.nginx.enable = true;
    # As nixpkgs has it: an option without a value.
    by-path.config = throw "The option containers.by-path.config has no value";
  };
  microvm.vms = {
    ci.config.config.services.buildkite-agents.one.enable = true;
    web.config.config.services.nginx.enable = true;
    by-flake.flake.nixosConfigurations.by-flake.config.services.github-runners.a.enable = true;
    by-hand.config = null;
  };`;

async function inMachines(
  nix: PrivateNix,
  options = "",
): Promise<{ runners: unknown; warnings: readonly string[] }> {
  const view = v.parse(
    fileSchema,
    await nix.evaluate(hostView(`{ ${MACHINES} } ${enabled(options)}`)),
  );
  return { runners: view.file.waitFor.runners, warnings: view.warnings };
}

nixTest("runners: a container or a virtual machine that declares one", async (nix) => {
  const { runners, warnings } = await inMachines(nix);
  assert.deepEqual(runners, [
    { unit: "container@ci.service", preset: "nixos-container" },
    { unit: "microvm@by-flake.service", preset: "microvm" },
    { unit: "microvm@ci.service", preset: "microvm" },
  ]);
  assert.equal(warnings.length, 1);
  assert.match(
    warnings[0] ?? "",
    /cannot see the jobs in a virtual machine \(microvm@by-flake\.service, microvm@ci\.service\).*kind = "command"/,
  );
});

function asked(name: string): string {
  return `"microvm@${name}.service".detect = { kind = "command"; command = [ "ssh" "${name}" ]; };`;
}

nixTest("runners: a virtual machine that is asked by a command", async (nix) => {
  const { warnings } = await inMachines(
    nix,
    `waitFor.runners = { ${asked("ci")} ${asked("by-flake")} };`,
  );
  assert.deepEqual(warnings, []);
});

nixTest("runners: the program knows each unit that the module finds by its name", () => {
  for (const { unit, preset } of cases.flatMap(([, , , entries]) => entries)) {
    // Gitea's module runs Forgejo's runner too, in a unit with Gitea's name.
    const isForgejoByGitea = preset === "forgejo-runner" && unit.startsWith("gitea-runner-");
    const known = isForgejoByGitea ? "gitea-actions-runner" : preset;
    if (known === undefined) continue;
    const runner = v.parse(v.picklist(RUNNER_PRESETS), known);
    assert.equal(presetForUnit(unit), presetOf({ unit, preset: runner }));
  }
  return Promise.resolve();
});

nixTest("runners: a nixpkgs without any of their modules is no error", async (nix) => {
  const runners = await nix.evaluate(
    withEvaluator(`(import ${import.meta.dirname}/evaluator/nixos.nix {
      inherit lib pkgs;
      runnerModules = [ ];
      modules = [ ${import.meta.dirname}/../../nix/module.nix ${enabled("")} ];
    }).config.services.deployFinalize.generated.waitFor.runners`),
  );
  assert.deepEqual(runners, []);
});

nixTest("runners: every preset of the program is found by some case", () => {
  const found = new Set(cases.flatMap(([, , , entries]) => entries.map(({ preset }) => preset)));
  // By the machines above.
  for (const preset of ["nixos-container", "microvm"]) found.add(preset);
  assert.deepEqual(
    RUNNER_PRESETS.filter((preset) => !found.has(preset)),
    [],
  );
  return Promise.resolve();
});
