import assert from "node:assert/strict";
import * as v from "valibot";
import { RUNNER_PRESETS } from "../../src/core/config.ts";
import { nixTest } from "./pkgs/nix-test.ts";
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

/** Services of a host, options of the module, and the runners in its file. */
const cases: [string, string, string, Entry[]][] = [
  ["no runner", "", "", []],
  [
    "gitea's, by its escaped name, if enabled",
    `gitea-actions-runner.instances = { my-host.enable = true; off = { }; };`,
    "",
    [{ unit: "gitea-runner-my\\x2dhost.service", preset: "gitea-actions-runner" }],
  ],
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
  assert.deepEqual(
    RUNNER_PRESETS.filter((preset) => !found.has(preset)),
    [],
  );
  return Promise.resolve();
});
