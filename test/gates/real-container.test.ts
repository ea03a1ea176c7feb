import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import type { RunnerConfig } from "../../src/core/config/config.ts";
import { lookAtRunners } from "../../src/gates/runners/state.ts";
import { pathsUnder } from "../../src/host/files/paths.ts";
import { EdgeHost } from "../support/edge-host.ts";
import type { Host } from "../test-host/host.ts";
import { hostTest } from "../test-host/host-test.ts";
import { repository } from "../test-host/paths.ts";

/** The machine of a test host is a container of systemd-nspawn: this looks at it from outside. */
class Outside extends EdgeHost {
  override readonly paths = pathsUnder("/");

  constructor(machine: Host) {
    super();
    this.time = Date.now();
    const [, leader = ""] = /^\/proc\/(\d+)\//.exec(machine.path("/run")) ?? [];
    const groups = readFileSync(`/proc/${leader}/cgroup`, "utf8");
    const group = /^0::(.*)\/payload\//m.exec(groups)?.[1];
    assert.ok(group !== undefined, groups);
    this.showUnits({ "container@ci.service": { ControlGroup: group, MainPID: leader } });
  }

  async look(): Promise<unknown> {
    const runner: RunnerConfig = { unit: "container@ci.service", preset: "nixos-container" };
    const [seen] = await lookAtRunners(this, [runner]);
    const state = seen?.state;
    return state !== undefined && "why" in state ? state.why : state?.kind;
  }
}

/** A runner that works in its own process while it has no job. Each pipe is written to once a job. */
const RUNNER =
  "while read -r _ < /run/begin; do sleep infinity & read -r _ < /run/end; kill $!; wait; done";

const ENGINE = `require("node:http")
  .createServer((request, answer) => answer.end('[{"Names":["/GITEA-ACTIONS-TASK-7"]}]'))
  .listen("/run/docker.sock")`;

async function startRunner(machine: Host, unit: string): Promise<void> {
  const settings = ["--property=Type=exec", "--property=WorkingDirectory=/var/lib/runner"];
  await machine.ok(["systemd-run", "--quiet", `--unit=${unit}`, ...settings, "bash", "-c", RUNNER]);
}

hostTest("a runner in a container, from outside", { tool: repository }, async (machine) => {
  using outside = new Outside(machine);
  assert.equal(await outside.look(), "idle");
  await machine.ok(["mkdir", "--parents", "/var/lib/runner/.cache/act"]);
  await machine.ok(["mkfifo", "/run/begin", "/run/end"]);
  const unit = "gitea-runner-my\\x2dhost.service";
  await startRunner(machine, unit);
  await machine.until("it is idle", async () => (await outside.look()) === "idle");
  await machine.ok(["bash", "-c", "echo > /run/begin"]);
  const busy = `has ${unit}, which runs a job`;
  await machine.until("it has a job", async () => (await outside.look()) === busy);
  await machine.ok(["bash", "-c", "echo > /run/end"]);
  await machine.until("it has none", async () => (await outside.look()) === "idle");
  await machine.ok([
    "systemd-run",
    "--quiet",
    "--unit=engine",
    "/usr/local/bin/node",
    "-e",
    ENGINE,
  ]);
  const inEngine = `has ${unit}, which runs container GITEA-ACTIONS-TASK-7`;
  await machine.until("it has a container", async () => (await outside.look()) === inEngine);
  await machine.ok(["systemctl", "stop", "engine.service"]);
  assert.equal(await outside.look(), "idle");
  await machine.ok(["mkdir", "/var/lib/runner/.cache/act/0123456789abcdef"]);
  assert.equal(await outside.look(), `has ${unit}, which has fetched a job`);
});
