import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { realTest } from "../test-host/host-test.ts";
import { hostsFolder, repository } from "../test-host/paths.ts";
import { textOf } from "./drawing.ts";
import { timelineOf } from "./timeline-of.ts";

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
  comparePicture(output);
});

function comparePicture(output: string): void {
  const svg = readFileSync(join(repository, "docs/demo.svg"), "utf8");
  assert.match(svg, /class="green"/, "it was drawn in colour");
  const [shown, seen] = [lasting(textOf(svg)), lasting(timelineOf(output))];
  assert.deepEqual(shown, seen, "the README's picture is old: make picture");
}

/**
 * What is the same in each run, act by act: without times and boot ids, and in no order, for
 * things on a host happen at the same time. Nor is what is over so soon that a look every 10 ms
 * may miss it on a busy machine.
 */
function lasting(lines: readonly string[]): string[][] {
  const acts: string[][] = [];
  for (const line of lines) {
    if (/^(Act |[123] )/.test(line) || acts.length === 0) acts.push([]);
    const text = line.replace(/^ *\d+\.\d\ds/, "").replace(/[0-9a-f]{8}\.{3}/, "ID");
    if (text !== "" && !/ (runs|stopped|down)$/.test(text)) acts.at(-1)?.push(text);
  }
  return acts.map((act) => act.toSorted());
}

realTest("the demo, ended by a signal in the middle of an act, leaves no host behind", async () => {
  const { exitCode, output } = await play({ signal: "SIGTERM", after: "Act 2" });
  assert.equal(exitCode, 143, output);
  assert.match(output, /demo: ended by SIGTERM/);
  assert.deepEqual(demoHosts(), []);
});

type Interruption = { signal: NodeJS.Signals; after: string };

function play(interruption?: Interruption): Promise<{ exitCode: number | null; output: string }> {
  // The demo looks at the host between the end of a job and the act.
  const env = { ...process.env, FORCE_COLOR: "", DEMO_DELAY: "10" };
  const child = spawn(process.execPath, [demo], { env });
  let output = "";
  let interrupted = false;
  const take = (text: string): void => {
    output += text;
    if (interrupted || interruption === undefined || !output.includes(interruption.after)) return;
    interrupted = child.kill(interruption.signal);
  };
  child.stdout.setEncoding("utf8").on("data", take);
  child.stderr.setEncoding("utf8").on("data", take);
  return new Promise((resolve) => {
    child.on("close", (exitCode) => resolve({ exitCode, output }));
  });
}

function demoHosts(): string[] {
  return existsSync(hostsFolder)
    ? readdirSync(hostsFolder).filter((name) => name.startsWith("demo-"))
    : [];
}
