import assert from "node:assert/strict";
import { explainSchema } from "../../src/json/explain.ts";
import { parseJson } from "../cli/operating.ts";
import { hostTest } from "../test-host/host-test.ts";
import { PROGRAM, systemSpec } from "./deploying.ts";

// The system that comes up after the reboot, target or previous system, has nothing that goes on.
for (const [what, lacking, baseline, spec] of [
  ["the target has", "target", systemSpec(), { label: "new", kernel: "6.12.9" }],
  ["the system to go back to has", "previous", {}, systemSpec({ label: "new", kernel: "6.12.9" })],
] as const) {
  hostTest(
    `${what} no deploy-finalize-resume.service: explain and schedule say so`,
    { baseline },
    async (host) => {
      await host.setProfile(await host.buildToplevel(spec));
      assert.match(await host.ok([...PROGRAM, "explain"]), /deploy-finalize-resume/);
      const json = await host.ok([...PROGRAM, "explain", "--json"]);
      const { warnings, fallback } = parseJson(explainSchema, json);
      assert.equal(warnings.filter(({ kind }) => kind === "no-resume-unit").length, 1);
      assert.match(fallback?.obstacle ?? "", new RegExp(`the ${lacking} system has no deploy-`));
      const { exitCode, stderr } = await host.run([...PROGRAM, "--dry-run"]);
      assert.match(
        stderr,
        /^deploy-finalize: warning: the .* has no deploy-finalize-resume\.service/m,
      );
      assert.equal(exitCode, 0);
    },
  );
}

hostTest("both systems have it: nobody is warned", { baseline: systemSpec() }, async (host) => {
  await host.setProfile(await host.buildToplevel(systemSpec({ label: "new", kernel: "6.12.9" })));
  const json = await host.ok([...PROGRAM, "explain", "--json"]);
  const kinds = parseJson(explainSchema, json).warnings.map(({ kind }) => kind);
  assert.ok(!kinds.includes("no-resume-unit") && !kinds.includes("state-on-tmpfs"), kinds.join());
  assert.equal((await host.run([...PROGRAM, "--dry-run"])).stderr, "");
});
