import assert from "node:assert/strict";
import { hostTest } from "../test-host/host-test.ts";
import { assertRuns, call, deployScript, ended, newestRecord, systemSpec } from "./deploying.ts";

const config = { guard: { olderRun: "refuse" }, verify: { settle: 0 } };

/** A deploy by a job of one run of a workflow. */
function deployOfRun(run: number, toplevel: string): string {
  const variables = {
    GITEA_ACTIONS: "true",
    GITHUB_SERVER_URL: "https://git.example.org",
    GITHUB_REPOSITORY: "infra/hosts",
    GITHUB_WORKFLOW: "deploy.yml",
    GITHUB_RUN_NUMBER: String(run),
    GITHUB_RUN_ATTEMPT: "1",
  };
  const exports = Object.entries(variables).map(([name, value]) => `export ${name}=${value}`);
  return [...exports, deployScript(toplevel, "--delay", "0")].join("\n");
}

hostTest(
  "a late, older CI run is refused: the newer system stays, and undo sets the boot default back to it",
  { baseline: systemSpec({}, config) },
  async (host) => {
    const newer = await host.buildToplevel(systemSpec({ label: "newer" }, config));
    const older = await host.buildToplevel(systemSpec({ label: "older" }, config));
    await host.shell(deployOfRun(42, newer));
    const { id } = await newestRecord(host);
    assert.equal((await ended(host, id)).state, "live");
    const late = await host.run(["bash", "-euc", deployOfRun(41, older)]);
    assert.equal(late.exitCode, 1, late.stderr);
    assert.match(late.stderr, /run 41 of this workflow is older than run 42/);
    assert.equal((await newestRecord(host)).id, id);
    await host.ok(call(newer, "undo"));
    await assertRuns(host, newer);
    const { profile, bootDefault } = await host.facts();
    assert.deepEqual([profile, bootDefault], [newer, newer]);
  },
);
