import assert from "node:assert/strict";
import { test } from "node:test";
import type { Said } from "../support/fake-host.ts";
import { makeToplevel } from "../support/systems.ts";
import { OperatedHost, parseJson } from "./operating.ts";
import { explainSchema } from "../../src/json/explain.ts";
import { aRun } from "../report/reports.ts";

const NEWER = "20261122-200000-aaaa";
const WORDS = new RegExp(
  `run 41 of this workflow is older than run 42, whose deploy ${NEWER} is live`,
);

/** Run 42 is live, and the job of another run deploys. */
async function scheduled(
  guard: string | undefined,
  attempt: string,
): Promise<Said & { readonly newest: string | null }> {
  using host = lateHost(guard, attempt);
  const said = await host.operate("--delay", "0");
  return { ...said, newest: host.store.newest() };
}

function lateHost(guard: string | undefined, attempt: string): OperatedHost {
  const host = new OperatedHost();
  host.setProfile(makeToplevel(host.folder, "older"));
  const config = {
    profile: host.folder.at("profiles/system"),
    ...(guard !== undefined && { guard: { olderRun: guard } }),
  };
  host.folder.write("config.json", JSON.stringify(config));
  host.save({ id: NEWER, state: "live", forgeRun: aRun() });
  host.env = {
    GITEA_ACTIONS: "true",
    GITHUB_SERVER_URL: "https://git.example.org",
    GITHUB_REPOSITORY: "infra/hosts",
    GITHUB_WORKFLOW: "deploy.yml",
    GITHUB_RUN_NUMBER: "41",
    GITHUB_RUN_ATTEMPT: attempt,
  };
  return host;
}

test("a late, older CI run is scheduled, and its output says so", async () => {
  const { exitCode, stderr, newest } = await scheduled(undefined, "1");
  assert.equal(exitCode, 0, stderr);
  assert.match(stderr, /warning: /);
  assert.match(stderr, WORDS);
  assert.notEqual(newest, NEWER);
});

test("guard.olderRun = refuse: a late, older CI run schedules nothing", async () => {
  const { exitCode, stderr, newest } = await scheduled("refuse", "1");
  assert.equal(exitCode, 1);
  assert.match(stderr, WORDS);
  assert.match(stderr, /Nothing was scheduled/);
  assert.match(stderr, /start this run again/);
  assert.equal(newest, NEWER);
});

test("guard.olderRun = refuse: a run that somebody has started again deploys", async () => {
  const { exitCode, stderr, newest } = await scheduled("refuse", "2");
  assert.equal(exitCode, 0, stderr);
  assert.match(stderr, WORDS);
  assert.notEqual(newest, NEWER);
});

test("guard.olderRun = off: runs are not compared", async () => {
  const { exitCode, stderr } = await scheduled("off", "1");
  assert.deepEqual([exitCode, stderr], [0, ""]);
});

for (const [guard, text] of [
  ["warn", /is live$/],
  ["refuse", /is live: schedule would refuse$/],
] as const) {
  test(`explain: a late, older CI run, with guard.olderRun = ${guard}`, async () => {
    using host = lateHost(guard, "1");
    const { stdout } = await host.operate("explain", "--json");
    const { warnings } = parseJson(explainSchema, stdout);
    const found = warnings.find(({ kind }) => kind === "older-run");
    assert.match(found?.text ?? "", text);
  });
}
