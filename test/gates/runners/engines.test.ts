import assert from "node:assert/strict";
import { chownSync, mkdirSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { dirname } from "node:path";
import { test } from "node:test";
import type { RunnerConfig } from "../../../src/core/config/config.ts";
import { DEFAULT_CONFIG } from "../../../src/core/config/defaults.ts";
import { ciJob } from "../../../src/gates/ci-job.ts";
import type { GateState } from "../../../src/gates/gate.ts";
import { EdgeHost } from "../../support/edge-host.ts";
import { aRecord } from "../../support/records.ts";

const GITEA: RunnerConfig = { unit: "r.service", preset: "gitea-actions-runner" };
const CONTAINER: RunnerConfig = { unit: "container@ci.service", preset: "nixos-container" };

/**
 * A runner whose unit has one environment and whose process another one: what an EnvironmentFile, or
 * the manager itself, adds is in the second only.
 */
function runner({ unit = "", process = "" }): EdgeHost {
  const host = new EdgeHost();
  host.showUnits({ "r.service": { ControlGroup: "/r", MainPID: "10", Environment: unit } });
  host.group("/r", 10);
  mkdirSync(host.folder.at("proc/10"), { recursive: true });
  host.answers["grep"] = (argv) =>
    argv.at(-1) === `${host.paths.processes}/10/environ`
      ? { stdout: process.replaceAll(" ", "\0") }
      : { exitCode: 2 };
  return host;
}

async function look(host: EdgeHost, of = GITEA): Promise<GateState> {
  const gate = ciJob([of], async () => [of]);
  return await gate.look({ host, record: aRecord(), config: DEFAULT_CONFIG });
}

/** An engine with a job in a container. */
async function engine(at: string | 0): Promise<Server> {
  const names = JSON.stringify([{ Names: ["/GITEA-ACTIONS-TASK-7_WORKFLOW-x"] }]);
  const server = createServer((_request, answer) => answer.end(names));
  if (typeof at === "string") mkdirSync(dirname(at), { recursive: true });
  await new Promise<void>((resolve) => {
    if (at === 0) server.listen(0, "127.0.0.1", resolve);
    else server.listen(at, resolve);
  });
  return server;
}

const BUSY: GateState = {
  kind: "closed",
  why: "r.service runs container GITEA-ACTIONS-TASK-7_WORKFLOW-x",
};

for (const variable of ["DOCKER_HOST", "CONTAINER_HOST", "WOODPECKER_BACKEND_DOCKER_HOST"]) {
  for (const place of ["unit", "process"] as const) {
    test(`engine: ${variable} of the ${place} is followed`, async () => {
      using host = runner({ [place]: `A=b ${variable}=unix:///run/mine/e.sock C=d` });
      assert.equal((await look(host)).kind, "open");
      await using server = await engine(host.folder.at("run/mine/e.sock"));
      assert.ok(server.listening);
      assert.deepEqual(await look(host), BUSY);
    });
  }
}

test("engine: its variables are read once for each process", async () => {
  using host = runner({ process: "DOCKER_HOST=unix:///run/mine/e.sock" });
  const gate = ciJob([GITEA], async () => [GITEA]);
  const context = { host, record: aRecord(), config: DEFAULT_CONFIG };
  const reads = (): number =>
    host.ran.filter((argv) => argv.some((word) => word.includes("DOCKER_HOST"))).length;
  for (let time = 0; time < 3; time++) await gate.look(context);
  assert.equal(reads(), 1);
});

test("engine: a rootless one of the runner's user is asked, that of another user is not", async (context) => {
  using host = runner({});
  await using server = await engine(host.folder.at("run/user/1000/docker.sock"));
  assert.ok(server.listening);
  assert.deepEqual(await look(host), BUSY);
  if (process.getuid?.() !== 0) {
    context.skip("only root gives a folder away");
    return;
  }
  chownSync(host.folder.at("run/user/1000"), 1000, 1000);
  assert.equal((await look(host)).kind, "open");
  chownSync(host.folder.at("proc/10"), 1000, 1000);
  assert.deepEqual(await look(host), BUSY);
});

test("engine: one at an address of the network is asked", async () => {
  await using server = await engine(0);
  const address = server.address();
  assert.ok(typeof address === "object" && address !== null);
  const { port } = address;
  for (const scheme of ["tcp", "http"]) {
    using host = runner({ process: `DOCKER_HOST=${scheme}://127.0.0.1:${port}` });
    assert.deepEqual(await look(host), BUSY);
  }
});

const UNKNOWN = [
  "CONTAINER_HOST=ssh://core@build/run/podman/podman.sock",
  "DOCKER_HOST=tcp://127.0.0.1:2376 DOCKER_TLS_VERIFY=1",
  "DOCKER_HOST=https://127.0.0.1:2376",
  "DOCKER_HOST=fd://",
  "DOCKER_HOST=nonsense",
];
for (const process of UNKNOWN) {
  test(`engine: with ${process} it cannot tell`, async () => {
    using host = runner({ process });
    const state = await look(host);
    assert.equal(state.kind, "unknown");
    assert.match(state.why ?? "", /cannot ask the container engine at [a-z]/);
  });
}

test("engine: without an answer about its variables, it cannot tell", async () => {
  using host = runner({});
  host.answers["grep"] = { exitCode: null, cause: "timed out" };
  assert.equal((await look(host)).kind, "unknown");
});

const INSIDE = "/machine.slice/container@ci.service";
const IN_IT = "container@ci.service has gitea-runner-a.service, which";

function inContainer(variable: string): EdgeHost {
  const host = runner({});
  host.showUnits({ "container@ci.service": { ControlGroup: INSIDE, MainPID: "20" } });
  host.group(INSIDE);
  host.group(`${INSIDE}/payload/system.slice/gitea-runner-a.service`, 30);
  host.answers["grep"] = (argv) => ({
    stdout: argv.at(-1)?.includes("/30/") === true ? variable : "",
  });
  return host;
}

for (const [variable, socket] of [
  ["", "run/docker.sock"],
  ["", "run/podman/podman.sock"],
  ["DOCKER_HOST=unix:///srv/e.sock\0", "srv/e.sock"],
  // A link there is one of the host for whoever looks from outside.
  ["DOCKER_HOST=unix:///var/run/docker.sock\0", "run/docker.sock"],
] as const) {
  test(`engine: in a container, ${socket}${variable === "" ? "" : " as it is told"}`, async () => {
    using host = inContainer(variable);
    assert.equal((await look(host, CONTAINER)).kind, "open");
    await using server = await engine(host.folder.at(`proc/30/root/${socket}`));
    assert.ok(server.listening);
    const why = `${IN_IT} runs container GITEA-ACTIONS-TASK-7_WORKFLOW-x`;
    assert.deepEqual(await look(host, CONTAINER), { kind: "closed", why });
  });
}

test("engine: in a container, the network is another one", async () => {
  using host = inContainer("DOCKER_HOST=tcp://127.0.0.1:2375\0");
  assert.equal((await look(host, CONTAINER)).kind, "unknown");
});

test("engine: a container does not lead root to a socket of the host", async () => {
  using up = inContainer("DOCKER_HOST=unix:///../../../host.sock\0");
  await using outside = await engine(up.folder.at("host.sock"));
  assert.ok(outside.listening);
  assert.equal((await look(up, CONTAINER)).kind, "unknown");

  using linked = inContainer("");
  await using host = await engine(linked.folder.at("host.sock"));
  assert.ok(host.listening);
  linked.folder.link("proc/30/root/run/docker.sock", linked.folder.at("host.sock"));
  assert.equal((await look(linked, CONTAINER)).kind, "open");
});
