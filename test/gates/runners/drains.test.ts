import assert from "node:assert/strict";
import { test } from "node:test";
import type { Config, RunnerConfig } from "../../../src/core/config/config.ts";
import { DEFAULT_CONFIG } from "../../../src/core/config/defaults.ts";
import { CI_JOB, ciJob } from "../../../src/gates/ci-job.ts";
import { type Stop, stopsOf } from "../../../src/gates/runners/drains.ts";
import { gatesFor } from "../../../src/gates/table.ts";
import { fleetLockConfig } from "../../fleet/configs.ts";
import { EdgeHost } from "../../support/edge-host.ts";
import { aRecord } from "../../support/records.ts";

const RUNNING = {
  ActiveState: "active",
  MainPID: "10",
  ControlGroup: "/r",
  KillMode: "mixed",
  KillSignal: "15",
  TimeoutStopUSec: "3h 1min",
};

function withWaitFor(changes: Partial<Config["waitFor"]> = {}): Config {
  return { ...DEFAULT_CONFIG, waitFor: { ...DEFAULT_CONFIG.waitFor, ...changes } };
}

/** @param says whether its process was started with the word that its stop drains */
function hostWith(unit: Readonly<Record<string, string>>, says: "drains" | "nothing"): EdgeHost {
  const host = new EdgeHost();
  host.showUnits({ "r.service": unit });
  host.answers["grep"] = (argv) => ({ stdout: says === "drains" ? `${argv.at(-1)}\n` : "" });
  return host;
}

async function stopOf(
  host: EdgeHost,
  runner: Omit<RunnerConfig, "unit">,
  config: Config = withWaitFor(),
): Promise<Stop | undefined> {
  return (await stopsOf(host, config, [{ unit: "r.service", ...runner }]))[0]?.stop;
}

const GITEA = { preset: "gitea-actions-runner" } as const;
const GITLAB = { preset: "gitlab-runner" } as const;

interface Row {
  readonly name: string;
  readonly runner: Omit<RunnerConfig, "unit">;
  readonly unit?: Readonly<Record<string, string>>;
  readonly says?: "drains";
  readonly config?: Config;
  readonly expect: string;
}

const rows: readonly Row[] = [
  { name: "Gitea's, as the module makes it", runner: GITEA, says: "drains", expect: "drains" },
  {
    name: "Gitea's, started before the module made it so",
    runner: GITEA,
    expect: "kills: it was started without DEPLOY_FINALIZE_STOP=drains",
  },
  {
    name: "Gitea's, with the default unit of nixpkgs",
    runner: GITEA,
    unit: { KillMode: "control-group", TimeoutStopUSec: "1min 30s" },
    says: "drains",
    expect: "kills: KillMode=control-group ends the job's processes too",
  },
  {
    name: "its stop has less time than a job",
    runner: GITEA,
    unit: { TimeoutStopUSec: "59min" },
    says: "drains",
    expect: "kills: TimeoutStopSec=59min is shorter than waitFor.timeout",
  },
  {
    name: "its stop has all the time",
    runner: GITEA,
    unit: { TimeoutStopUSec: "infinity" },
    says: "drains",
    config: withWaitFor({ timeout: 86_400 }),
    expect: "drains",
  },
  {
    name: "its stop has weeks",
    runner: GITEA,
    unit: { TimeoutStopUSec: "1w 1min" },
    says: "drains",
    expect: "drains",
  },
  {
    name: "its stop has an unreadable time",
    runner: GITEA,
    unit: { TimeoutStopUSec: "" },
    says: "drains",
    expect: "kills: TimeoutStopSec= is shorter than waitFor.timeout",
  },
  {
    name: "GitLab's, told to stop at once",
    runner: GITLAB,
    expect: "kills: KillSignal=15 is not SIGQUIT",
  },
  {
    name: "GitLab's, told to finish, whoever configured it",
    runner: GITLAB,
    unit: { KillSignal: "3" },
    expect: "drains",
  },
  { name: "Buildkite's", runner: { preset: "buildkite-agent" }, expect: "drains" },
  {
    name: "Concourse's, that lands",
    runner: { preset: "concourse-worker" },
    unit: { KillSignal: "10" },
    expect: "drains",
  },
  {
    name: "Concourse's, that retires",
    runner: { preset: "concourse-worker" },
    unit: { KillSignal: "12" },
    expect: "drains",
  },
  {
    name: "Concourse's, told to stop at once",
    runner: { preset: "concourse-worker" },
    expect: "kills: KillSignal=15 is not SIGUSR1 or SIGUSR2",
  },
  {
    name: "Buildbot's, whose user has made its stop graceful",
    runner: { preset: "buildbot-worker" },
    unit: { KillSignal: "1" },
    says: "drains",
    expect: "drains",
  },
  {
    name: "Buildbot's, as it is",
    runner: { preset: "buildbot-worker" },
    unit: { KillSignal: "1" },
    expect: "kills: it was started without DEPLOY_FINALIZE_STOP=drains",
  },
  {
    name: "a container, whatever it says",
    runner: { preset: "nixos-container" },
    says: "drains",
    expect: "kills: no signal makes it finish its job",
  },
  {
    name: "GitHub's, whatever it says",
    runner: { preset: "github-runner" },
    says: "drains",
    expect: "kills: no signal makes it finish its job",
  },
  {
    name: "an own one that says so",
    runner: { detect: { kind: "processes" } },
    unit: { KillMode: "process", KillSignal: "10" },
    says: "drains",
    expect: "drains",
  },
  {
    name: "switched off",
    runner: GITEA,
    says: "drains",
    config: withWaitFor({ drainRunners: false }),
    expect: "kills: waitFor.drainRunners is false",
  },
  { name: "not running", runner: GITEA, unit: { ActiveState: "inactive" }, expect: "inactive" },
  { name: "failed", runner: GITEA, unit: { ActiveState: "failed" }, expect: "inactive" },
  {
    name: "on its way down already",
    runner: GITEA,
    unit: { ActiveState: "deactivating" },
    says: "drains",
    expect: "drains",
  },
];

for (const { name, runner, unit, says, config, expect } of rows) {
  test(`stop of a runner: ${name}`, async () => {
    using host = hostWith({ ...RUNNING, ...unit }, says ?? "nothing");
    const stop = await stopOf(host, runner, config);
    assert.equal(stop?.kind === "kills" ? `kills: ${stop.why}` : stop?.kind, expect);
  });
}

test("stop of a runner: without an answer of systemd it would kill", async () => {
  using host = hostWith(RUNNING, "drains");
  host.answers["systemctl show"] = { exitCode: 1, stderr: "no bus" };
  assert.equal((await stopOf(host, GITEA))?.kind, "kills");
});

test("stop of a runner: its process is searched, not what its unit says now", async () => {
  using host = hostWith(RUNNING, "drains");
  await stopOf(host, GITEA);
  const search = host.ran.find(([program]) => program === "grep") ?? [];
  assert.ok(search.includes("--regexp=DEPLOY_FINALIZE_STOP=drains"));
  assert.equal(search.at(-1), `${host.paths.processes}/10/environ`);
});

test("CI job: a job on a runner that drains is not waited for, unless a fleet lock is", async () => {
  for (const [drainable, kind] of [
    ["drained", "open"],
    ["awaited", "closed"],
  ] as const) {
    using host = hostWith(RUNNING, "drains");
    host.group("/r", 10, 11);
    const runners = [{ unit: "r.service", ...GITEA }];
    const gate = ciJob(runners, async () => runners, drainable);
    const state = await gate.look({ host, record: aRecord(), config: withWaitFor({ runners }) });
    assert.equal(state.kind, kind);
    assert.match(state.why ?? "", /^r\.service (runs a job|is made to finish its job)/);
  }
});

test("CI job: a switch that takes a slot waits for the jobs of runners that drain", async () => {
  const runners = [{ unit: "r.service", ...GITEA }];
  for (const [acts, kind] of [
    [["reboot"], "open"],
    [["switch"], "closed"],
  ] as const) {
    using host = hostWith(RUNNING, "drains");
    host.group("/r", 10, 11);
    const lock = fleetLockConfig("http://127.0.0.1:9", { for: [...acts] });
    const config = { ...withWaitFor({ runners }), lock };
    const context = { host, record: aRecord(), config };
    const act = { action: "switch", seat: null, dry: { kind: "unknown", why: "" } } as const;
    const gate = gatesFor(context, act).find(({ name }) => name === CI_JOB);
    assert.equal((await gate?.look(context))?.kind, kind);
  }
});

test("CI job: of two busy runners only the one that does not drain is waited for", async () => {
  using host = new EdgeHost();
  host.showUnits({
    "a.service": { ...RUNNING, ControlGroup: "/a" },
    "b.service": { ...RUNNING, ControlGroup: "/b", MainPID: "20" },
  });
  host.answers["grep"] = { stdout: `${host.paths.processes}/10/environ\n` };
  host.group("/a", 10, 11);
  host.group("/b", 20, 21);
  const runners = ["a.service", "b.service"].map((unit) => ({ unit, ...GITEA }));
  const gate = ciJob(runners, async () => runners);
  const state = await gate.look({ host, record: aRecord(), config: withWaitFor({ runners }) });
  assert.deepEqual(state, { kind: "closed", why: "b.service runs a job" });
});
