import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import { DEFAULT_CONFIG } from "../../src/core/config/defaults.ts";
import { type ForgeRun, forgeRunOf, isCommit } from "../../src/core/config/forge-run.ts";
import { commitOfRun } from "../../src/core/config/receivers.ts";
import { parseRecord } from "../../src/core/record/parse-record.ts";
import { readFileSync } from "node:fs";
import { Outbox } from "../../src/report/outbox.ts";
import { oweReports } from "../../src/report/report.ts";
import { ciRunOf } from "../../src/cli/shared/ci-run.ts";
import { EdgeHost } from "../support/edge-host.ts";
import { Folder } from "../support/folder.ts";
import { FakeHost, type Said } from "../support/fake-host.ts";
import { spawnWith } from "../support/spawning.ts";
import { makeToplevel } from "../support/systems.ts";
import { aRun, COMMIT, ended, receiver } from "./reports.ts";
import { StandInServer } from "./server.ts";
import { jobEndOf } from "../../src/finalize/delay.ts";

const ACTIONS = {
  GITHUB_ACTIONS: "true",
  GITHUB_SERVER_URL: "https://git.example.org",
  GITHUB_REPOSITORY: "infra/hosts",
  GITHUB_SHA: COMMIT,
  GITHUB_REF_NAME: "main",
  GITHUB_WORKFLOW: "deploy.yml",
  GITHUB_RUN_ID: "881",
  GITHUB_RUN_NUMBER: "42",
  GITHUB_RUN_ATTEMPT: "1",
  GITHUB_JOB: "deploy",
  RUNNER_NAME: "web1",
};

const HEAD = "1".repeat(40);

for (const [what, variables, event, sha] of [
  ["a pull request", { GITHUB_EVENT_NAME: "pull_request" }, { head: { sha: HEAD } }, HEAD],
  ["a review", { GITHUB_EVENT_NAME: "pull_request_review" }, { head: { sha: HEAD } }, HEAD],
  ["a push", { GITHUB_EVENT_NAME: "push" }, { head: { sha: HEAD } }, COMMIT],
  [
    "the target of a pull request",
    { GITHUB_EVENT_NAME: "pull_request_target" },
    { head: { sha: HEAD } },
    COMMIT,
  ],
  ["an event of another form", { GITHUB_EVENT_NAME: "pull_request" }, {}, COMMIT],
  [
    "an event without a commit",
    { GITHUB_EVENT_NAME: "pull_request" },
    { head: { sha: "../x" } },
    COMMIT,
  ],
] as const) {
  test(`the commit of a run for ${what}: ${sha === HEAD ? "the head" : "GITHUB_SHA"}`, async () => {
    using folder = new Folder();
    const path = folder.write("event.json", JSON.stringify({ pull_request: event }));
    for (const forge of [{}, { GITEA_ACTIONS: "true" }, { FORGEJO_ACTIONS: "true" }]) {
      const env = { ...ACTIONS, ...forge, ...variables, GITHUB_EVENT_PATH: path };
      assert.equal((await ciRunOf({ env }))?.sha, sha);
    }
    const env = { ...ACTIONS, ...variables, GITHUB_EVENT_PATH: folder.at("absent") };
    assert.equal((await ciRunOf({ env }))?.sha, COMMIT);
    assert.equal(await ciRunOf({ env: {} }), null);
  });
}

test("the commit of a GitLab pipeline for merged results is the head of the branch", () => {
  const env = { GITLAB_CI: "true", CI_COMMIT_SHA: COMMIT };
  assert.equal(forgeRunOf(env)?.sha, COMMIT);
  assert.equal(forgeRunOf({ ...env, CI_MERGE_REQUEST_SOURCE_BRANCH_SHA: "" })?.sha, COMMIT);
  assert.equal(forgeRunOf({ ...env, CI_MERGE_REQUEST_SOURCE_BRANCH_SHA: HEAD })?.sha, HEAD);
});

test("Forgejo before Gitea before GitHub, whatever else claims to be", () => {
  const page = "https://git.example.org/infra/hosts/actions/runs";
  assert.deepEqual(forgeRunOf({ ...ACTIONS, GITEA_ACTIONS: "true" }), aRun());
  const forgejo = forgeRunOf({ ...ACTIONS, GITEA_ACTIONS: "true", FORGEJO_ACTIONS: "true" });
  assert.deepEqual(forgejo, aRun({ forge: "forgejo", page: `${page}/42` }));
  assert.deepEqual(forgeRunOf(ACTIONS), aRun({ forge: "github", page: `${page}/881` }));
  assert.equal(forgeRunOf({ ...ACTIONS, GITHUB_ACTIONS: "false" }), null);
  assert.equal(forgeRunOf({}), null);
});

test("GitLab: project, pipeline and job by number", () => {
  const run = forgeRunOf({
    GITLAB_CI: "true",
    CI_SERVER_URL: "https://gitlab.example.org",
    CI_PROJECT_ID: "7",
    CI_COMMIT_SHA: COMMIT,
    CI_COMMIT_REF_NAME: "main",
    CI_PIPELINE_ID: "99",
    CI_JOB_ID: "1001",
    CI_JOB_URL: "https://gitlab.example.org/x/-/jobs/1001",
  });
  assert.deepEqual(
    [run?.forge, run?.repository, run?.run, run?.job],
    ["gitlab", "7", "99", "1001"],
  );
  assert.equal(run?.page, "https://gitlab.example.org/x/-/jobs/1001");
});

test("what the environment holds is made harmless", () => {
  const run = forgeRunOf({
    ...ACTIONS,
    GITHUB_JOB: "a\n\u001Bb",
    GITHUB_REF_NAME: "x".repeat(9999),
  });
  assert.equal(run?.job, "a b");
  assert.equal(run?.ref?.length, 500);
});

test("what the forge would not set is absent, because it becomes part of requests with a token", () => {
  for (const repository of [
    "../../../admin/users/x",
    "..",
    ".",
    "infra/..",
    "./hosts",
    "a//b",
    "/a",
    "a?b",
    "a b",
  ]) {
    const run = forgeRunOf({ ...ACTIONS, GITEA_ACTIONS: "true", GITHUB_REPOSITORY: repository });
    assert.deepEqual([run?.repository, run?.page], [null, null], repository);
  }
  for (const repository of ["infra/hosts", "infra/.github", "a/b..c", "g/sub/project"])
    assert.equal(forgeRunOf({ ...ACTIONS, GITHUB_REPOSITORY: repository })?.repository, repository);
  const run = forgeRunOf({
    ...ACTIONS,
    GITHUB_SERVER_URL: "javascript:alert(1)",
    GITHUB_RUN_ID: "1/../../2",
    GITHUB_RUN_NUMBER: "..",
    GITHUB_RUN_ATTEMPT: "-1",
  });
  assert.deepEqual(
    [run?.server, run?.run, run?.runNumber, run?.attempt, run?.page],
    Array(5).fill(null),
  );
  const gitlab = forgeRunOf({
    GITLAB_CI: "true",
    CI_SERVER_URL: "https://somebody:secret@gitlab.example.org",
    CI_PROJECT_ID: "..",
    CI_PIPELINE_ID: "99x",
    CI_JOB_ID: "../1",
    CI_JOB_URL: "file:///etc/passwd",
  });
  assert.deepEqual(
    [gitlab?.server, gitlab?.repository, gitlab?.run, gitlab?.job, gitlab?.page],
    Array(5).fill(null),
  );
});

test("only a whole hash is a commit", () => {
  assert.ok(isCommit(COMMIT) && isCommit(COMMIT.toUpperCase()) && isCommit("a".repeat(64)));
  for (const text of [null, "", COMMIT.slice(1), `${COMMIT}-dirty`, "main"])
    assert.ok(!isCommit(text));
});

test("a job that the forge is asked for needs no guess at its time", () => {
  const url = "https://git.example.org/";
  const gitea = receiver({ kind: "gitea", url, tokenFile: "/x", waitForJob: true });
  const report = { ...DEFAULT_CONFIG.report, receivers: [gitea] };
  const config = { ...DEFAULT_CONFIG, report };
  assert.equal(jobEndOf(config, null, aRun()), "seen");
  assert.equal(jobEndOf(config, null, aRun({ forge: "forgejo" })), "guessed");
  assert.equal(jobEndOf(config, null, aRun({ server: "https://other.example.org" })), "guessed");
  assert.equal(jobEndOf(config, null, aRun({ server: null })), "guessed");
  assert.equal(jobEndOf(config, null, aRun({ job: null })), "guessed");
  assert.equal(jobEndOf(config, null), "guessed");
});

const PAGE = "https://gitlab.example.org/infra/hosts/-/jobs/1001";
const GITLAB = { forge: "gitlab", server: "https://gitlab.example.org", repository: "7" } as const;
const GITHUB = { forge: "github", server: "https://github.com" } as const;
const RUNS_COMMIT: [
  why: string,
  run: Partial<ForgeRun>,
  receiver: object | null,
  isMeant: boolean,
][] = [
  ["the repository of the run", {}, { repository: null }, true],
  ["the same one, by name", {}, { repository: "Infra/Hosts" }, true],
  ["another repository", {}, { repository: "infra/other" }, false],
  [
    "the same name on another server",
    {},
    { url: "https://other", repository: "infra/hosts" },
    false,
  ],
  ["another kind of forge", {}, { kind: "forgejo" }, false],
  ["no forge at all", {}, null, true],
  ["GitHub by its API", GITHUB, { kind: "github", url: "https://api.github.com" }, true],
  [
    "a deployment on GitHub",
    GITHUB,
    { kind: "github-deployment", url: "https://github.com", environment: "x" },
    true,
  ],
  ["a project by number", GITLAB, { kind: "gitlab", url: GITLAB.server, repository: "7" }, true],
  [
    "a project by path",
    { ...GITLAB, page: PAGE },
    { kind: "gitlab", url: GITLAB.server, repository: "infra/hosts" },
    true,
  ],
];

for (const [why, run, changes, isMeant] of RUNS_COMMIT) {
  test(`the commit of the run is ${isMeant ? "" : "not "}taken for ${why}`, () => {
    const forge = { kind: "gitea", url: "https://git.example.org", tokenFile: "/x" };
    const receivers = changes === null ? [] : [receiver({ ...forge, ...changes })];
    const report = { ...DEFAULT_CONFIG.report, receivers };
    assert.equal(commitOfRun(report, aRun(run)), isMeant ? COMMIT : null);
  });
}

/** A host whose configuration names a gitea, in a job of that gitea or not. */
class Scheduling extends FakeHost {
  readonly config: string;
  readonly target = makeToplevel(this.folder, "new");

  constructor(receivers: object[]) {
    super();
    this.setProfile(this.target);
    const profile = this.folder.at("profiles/system");
    const config = { profile, report: { receivers } };
    this.config = this.folder.write("config.json", JSON.stringify(config));
  }

  override async call(...args: string[]): Promise<Said> {
    return await super.call("--state-dir", this.folder.at("state"), ...args);
  }

  revision(): string | null {
    const parsed = parseRecord(readFileSync(this.folder.at("state/current"), "utf8"));
    return parsed.kind === "record" ? parsed.record.revision : "no record";
  }

  /** What was run, by the first words that matter. */
  programs(): string[] {
    return this.ran.map((argv) => argv.find((word) => /unit=|nixos-version/.test(word)) ?? "");
  }
}

const GITEA = { kind: "gitea", url: "https://x", repository: "a/b", tokenFile: "/x" };

test("schedule notes what is owed, then has it delivered, after the timer is armed", async () => {
  using host = new Scheduling([GITEA]);
  const said = await host.call("--config", host.config, "--revision", COMMIT);
  assert.equal(said.exitCode, 0, said.stderr);
  assert.equal(host.revision(), COMMIT);
  const [owed = ""] = readdirSync(host.folder.at("state/outbox"));
  assert.match(owed, /\.00\.scheduled\.gitea\.json$/);
  const units = host.programs().filter((word) => word.startsWith("--unit"));
  assert.match(
    units.join(" "),
    /^--unit=deploy-finalize-\d{8}-\S+ --unit=deploy-finalize-deliver-\d+$/,
  );
  const deliver = host.ran.find((argv) => argv.includes("deliver")) ?? [];
  assert.deepEqual(deliver.slice(deliver.indexOf("--")), [
    "--",
    "/node",
    "/deploy-finalize.cjs",
    "deliver",
    "--config",
    host.config,
    "--state-dir",
    host.folder.at("state"),
    "--only",
    "servers",
  ]);
});

function isSandboxed(argv: readonly string[]): boolean {
  return argv.includes("--property=ProtectSystem=strict");
}

test("a host that can make no sandbox delivers without one, and says so", async () => {
  using host = new Scheduling([GITEA]);
  const { spawn } = host;
  host.spawn = async (argv, options) => {
    const end = await spawn(argv, options);
    return isSandboxed(argv) ? { ...end, exitCode: 1, stderr: "Job failed. status 226" } : end;
  };
  const said = await host.call("--config", host.config, "--revision", COMMIT);
  assert.equal(said.exitCode, 0, said.stderr);
  assert.match(said.stderr, /cannot deliver reports in a sandbox, so tries without: .*status 226/);
  const started = host.ran.filter((argv) => argv.includes("deliver"));
  assert.equal(started.filter((argv) => !isSandboxed(argv)).length, 1);
});

test("without --revision the target is asked what it was made from", async () => {
  using host = new Scheduling([GITEA]);
  const version = `${host.target}/sw/bin/nixos-version`;
  host.ends[version] = { stdout: JSON.stringify({ configurationRevision: COMMIT }) };
  await host.call("--config", host.config);
  assert.equal(host.revision(), COMMIT);
});

test("a target that does not say what it was made from is deployed all the same", async () => {
  using host = new Scheduling([GITEA]);
  host.ends[`${host.target}/sw/bin/nixos-version`] = { exitCode: 1 };
  const said = await host.call("--config", host.config);
  assert.equal(said.exitCode, 0);
  assert.equal(host.revision(), null);
  assert.match(said.stderr, /gitea: no commit to report on/);
});

test("with nobody to tell, schedule runs one program and makes no outbox", async () => {
  using host = new Scheduling([]);
  await host.call("--config", host.config, "--revision", COMMIT);
  assert.equal(host.revision(), COMMIT);
  assert.deepEqual(
    host.programs().filter((word) => /deliver|version/.test(word)),
    [],
  );
  assert.ok(!readdirSync(host.folder.at("state")).includes("outbox"));
});

test("an outbox that cannot be made does not fail the deploy", async () => {
  using host = new Scheduling([GITEA]);
  host.folder.write("state/outbox", "a file");
  const said = await host.call("--config", host.config, "--revision", COMMIT);
  assert.equal(said.exitCode, 0);
  assert.match(said.stderr, /cannot record the reports for gitea/);
});

test("a delivery that cannot be started does not fail the deploy", async () => {
  using host = new Scheduling([GITEA]);
  const { spawn } = host;
  host.spawn = async (argv, options) => {
    const end = await spawn(argv, options);
    return argv.includes("deliver") ? { ...end, exitCode: 1, stderr: "no bus" } : end;
  };
  const second = await host.call("--config", host.config, "--revision", COMMIT);
  assert.equal(second.exitCode, 0);
  assert.match(second.stderr, /cannot start the delivery of reports: .*no bus/);
});

test("deliver, with nothing owed, says so", async () => {
  using host = new FakeHost();
  const said = await host.call("deliver", "--state-dir", host.folder.at("state"));
  assert.deepEqual(
    [said.exitCode, said.stdout],
    [0, "deploy-finalize: there are no reports to deliver\n"],
  );
});

test("deliver tells what is owed also where its configuration is gone, and says so", async () => {
  await using server = await StandInServer.listen();
  using host = new FakeHost();
  host.spawn = spawnWith({ PATH: process.env["PATH"] });
  const state = host.folder.at("state");
  host.folder.write("state/.keep", "");
  using edge = new EdgeHost();
  const receivers = [receiver({ kind: "webhook", url: `${server.url}/hook` })];
  oweReports(edge, new Outbox(edge, state), { ...DEFAULT_CONFIG.report, receivers }, ended("live"));
  const gone = host.folder.at("gone.json");
  const said = await host.call("deliver", "--config", gone, "--state-dir", state);
  assert.equal(said.exitCode, 2);
  assert.match(said.stderr, /cannot read the configuration: .*gone\.json/);
  assert.equal(server.received.length, 1);
});

test("deliver needs root, and says so", async () => {
  using host = new FakeHost();
  host.userId = 1000;
  const said = await host.call("deliver");
  assert.equal(said.exitCode, 1);
  assert.match(said.stderr, /delivering reports needs root/);
});
