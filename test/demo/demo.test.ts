import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { realTest } from "../host/host-test.ts";
import { hostsFolder } from "../host/paths.ts";

const demo = join(import.meta.dirname, "demo.ts");

realTest("the demo plays its three acts, without colour into a pipe", async () => {
  const { exitCode, output } = await play();
  assert.equal(exitCode, 0, output);
  const summaries = output.trimEnd().split("\n").slice(-3);
  assert.match(summaries[0] ?? "", /^1 direct switch +job killed/);
  assert.match(summaries[1] ?? "", /^2 deploy-finalize +job ended with 0, .* new system live$/);
  assert.match(
    summaries[2] ?? "",
    /^3 new kernel +job ended with 0, .* rebooted into linux-6.*, live$/,
  );
  assert.ok(!output.includes("\x1b"), "colour codes in a pipe");
  assert.deepEqual(
    output.split("\n").filter((line) => line.length > 80),
    [],
  );
  assert.deepEqual(demoHosts(), []);
});

realTest("the demo, ended by a signal in the middle of an act, leaves no host behind", async () => {
  const { exitCode, output } = await play({ signal: "SIGTERM", after: "Act 2" });
  assert.equal(exitCode, 143, output);
  assert.match(output, /demo: ended by SIGTERM/);
  assert.deepEqual(demoHosts(), []);
});

type Interruption = { signal: NodeJS.Signals; after: string };

function play(interruption?: Interruption): Promise<{ exitCode: number | null; output: string }> {
  const child = spawn(process.execPath, [demo]);
  let output = "";
  let interrupted = false;
  const take = (chunk: Buffer): void => {
    output += chunk.toString();
    if (interrupted || interruption === undefined || !output.includes(interruption.after)) return;
    interrupted = child.kill(interruption.signal);
  };
  child.stdout.on("data", take);
  child.stderr.on("data", take);
  return new Promise((resolve) => {
    child.on("close", (exitCode) => resolve({ exitCode, output }));
  });
}

function demoHosts(): string[] {
  return existsSync(hostsFolder)
    ? readdirSync(hostsFolder).filter((name) => name.startsWith("demo-"))
    : [];
}
