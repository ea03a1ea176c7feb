import assert from "node:assert/strict";
import { test } from "node:test";
import { explainSchema } from "../../src/json/explain.ts";
import { finalizationSchema } from "../../src/json/finalization.ts";
import { statusSchema } from "../../src/json/status.ts";
import { EXIT } from "../../src/core/outcome.ts";
import { makeToplevel } from "../support/systems.ts";
import { OperatedHost, parseJson } from "./operating.ts";

const COMMIT = "0123456789".repeat(4);

const ETCD = { backend: "etcd", endpoints: ["http://127.0.0.1:9"], group: "web" };

/** A host with a new deploy, whose target may name its commit. */
class DeployedHost extends OperatedHost {
  readonly target = makeToplevel(this.folder, "new");

  constructor(fleet: object | null, revision: string | null = null) {
    super();
    this.setProfile(this.target);
    const profile = this.folder.at("profiles/system");
    const rollouts = fleet === null ? {} : { lock: ETCD, fleet };
    this.folder.write("config.json", JSON.stringify({ profile, ...rollouts }));
    this.ends[this.asksForRevision] =
      revision === null
        ? { exitCode: 1 }
        : { stdout: JSON.stringify({ configurationRevision: revision }) };
  }

  get asksForRevision(): string {
    return `${this.target}/sw/bin/nixos-version`;
  }

  async rollout(...args: string[]): Promise<string | null> {
    const { exitCode, stderr } = await this.operate("schedule", "--delay", "0", ...args);
    assert.equal(exitCode, 0, stderr);
    return (await this.store.readNewest())?.rollout ?? null;
  }
}

const FLEET = { wave: 1 };

test("rollout: a deploy without a name is refused before anything is scheduled", async () => {
  for (const how of [[], ["--dry-run"]]) {
    using host = new DeployedHost(FLEET);
    const { exitCode, stdout, stderr } = await host.operate("schedule", ...how);
    assert.deepEqual([exitCode, stdout], [EXIT.failed, ""]);
    assert.match(stderr, /rollouts of group web, and this deploy has no name for one/);
    assert.match(stderr, /set system\.configurationRevision/);
    assert.match(stderr, /deploy-finalize schedule --rollout NAME/);
    // The boot default is still the deploy that was refused.
    const isUndone = /the next boot may start this deploy.*: deploy-finalize undo$/m.test(stderr);
    assert.equal(isUndone, how.length === 0);
    assert.equal(host.store.newest(), null);
    assert.ok(!host.ran.some(([program]) => program === "systemd-run"));
  }
});

test("rollout: it is what --rollout says, else the commit of the call or of the target", async () => {
  using host = new DeployedHost({ ...FLEET, group: "all" }, COMMIT);
  assert.equal(await host.rollout(), COMMIT);
  host.passes(1000);
  assert.equal(await host.rollout("--revision", "abc"), "abc");
  host.passes(1000);
  assert.equal(await host.rollout("--revision", "abc", "--rollout", "spring 2026"), "spring 2026");
  assert.equal(host.ran.filter(([program]) => program === host.asksForRevision).length, 1);
});

test("rollout: without a fleet nobody asks for the commit, and there is none", async () => {
  using host = new DeployedHost(null, COMMIT);
  assert.equal(await host.rollout(), null);
  assert.ok(!host.ran.some(([program]) => program === host.asksForRevision));
});

test("rollout: a name is of no use without a fleet, and says so", async () => {
  for (const args of [["--rollout", "x"], ["--rollout=x"]]) {
    using host = new DeployedHost(null);
    const { exitCode, stderr } = await host.operate("schedule", ...args);
    assert.equal(exitCode, EXIT.usage);
    assert.match(
      stderr,
      /--rollout: this host takes part in no rollouts, because fleet is not set/,
    );
    assert.equal(host.store.newest(), null);
  }
});

for (const name of ["", " ", "a ", "a\nb", "\u001B[31mred", "a\u202Eb", "x".repeat(201)]) {
  test(`rollout: refuses the name ${JSON.stringify(name.slice(0, 20))}`, async () => {
    using host = new DeployedHost(FLEET, COMMIT);
    for (const args of [["--rollout", name], [`--rollout=${name}`]]) {
      const { exitCode, stderr } = await host.operate("schedule", ...args);
      assert.equal(exitCode, EXIT.usage);
      assert.match(stderr, /--rollout: the name must have 1 to 200 printable characters/);
    }
    assert.equal(host.store.newest(), null);
  });
}

test("rollout: a commit that is too long to be its name is refused", async () => {
  using host = new DeployedHost(FLEET, "x".repeat(201));
  const { exitCode, stderr } = await host.operate("schedule");
  assert.equal(exitCode, EXIT.failed);
  assert.match(stderr, /its revision has more than 200 characters/);
});

test("rollout: status shows it, and so does its JSON", async () => {
  using host = new DeployedHost(FLEET, COMMIT);
  await host.rollout("--rollout", "spring 2026");
  assert.match((await host.operate("status")).stdout, /^  rollout spring 2026$/m);
  const { stdout } = await host.operate("status", "--json");
  const { finalization } = parseJson(statusSchema, stdout);
  assert.equal(finalization?.rollout, "spring 2026");
  assert.ok("rollout" in finalizationSchema.entries);
  host.passes(1000);
  await host.rollout();
  assert.match((await host.operate("status")).stdout, /^  rollout 012345678901$/m);
});

test("rollout: explain warns if the deploy has no name for one", async () => {
  for (const [revision, expected] of [
    [null, ["no-rollout-name"]],
    [COMMIT, []],
  ] as const) {
    using host = new DeployedHost(FLEET, revision);
    const { stdout } = await host.operate("explain", "--json");
    const { warnings } = parseJson(explainSchema, stdout);
    const found = warnings.filter(({ kind }) => kind === "no-rollout-name");
    assert.deepEqual(
      found.map(({ kind }) => kind),
      expected,
    );
  }
});
