import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { suite, test } from "node:test";
import { MUTANTS } from "./mutants.ts";
import { PAIRS } from "./pairs.ts";

/** How many schedules this test runs; `make simulate` runs as many as somebody likes. */
const RUNS = 20_000;
/** On a machine that does much else. */
const PATIENCE = { timeout: 1_200_000 };

interface Ended {
  readonly exitCode: number | null;
  readonly lines: readonly string[];
}

/** Each in a process of its own, because the simulation takes every error that is not caught for its own. */
async function run(file: string, env: Readonly<Record<string, string>>): Promise<Ended> {
  const child = spawn(process.execPath, [join(import.meta.dirname, file)], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (piece: string) => (text += piece));
  await once(child, "close");
  return { exitCode: child.exitCode, lines: text.trimEnd().split("\n") };
}

function lastOf({ lines }: Ended): string {
  return lines.slice(-400).join("\n");
}

await suite("the simulation", { ...PATIENCE, concurrency: 2 }, () => {
  test(`finds nothing in ${RUNS} random schedules`, PATIENCE, async () => {
    const ended = await run("main.ts", { RUNS: String(RUNS), SEED: "1" });
    assert.equal(ended.exitCode, 0, lastOf(ended));
    assert.match(ended.lines.at(-1) ?? "", new RegExp(`^simulated ${RUNS} schedules in `));
  });

  test("finds nothing in every schedule of two processes, within bounds", PATIENCE, async () => {
    const ended = await run("search-pairs.ts", {});
    assert.equal(ended.exitCode, 0, lastOf(ended));
    assert.equal(ended.lines.length, 2 * PAIRS.length);
  });

  for (const share of [0, 1]) {
    test(`finds every planted defect, part ${share + 1} of 2`, PATIENCE, async () => {
      const ended = await run("catch-mutants.ts", { SHARE: String(share), SHARES: "2" });
      const { lines } = ended;
      assert.equal(ended.exitCode, 0, lastOf(ended));
      assert.deepEqual(
        lines.filter((line) => !/: found by seed \d+$/.test(line)),
        [],
      );
      assert.ok(lines.length >= Math.floor(MUTANTS.length / 2));
    });
  }

  test("repeats a run exactly", PATIENCE, async () => {
    const env = { RUNS: "1", SEED: "3" };
    const [first, second] = await Promise.all([run("main.ts", env), run("main.ts", env)]);
    assert.ok(first.lines.length > 100);
    assert.deepEqual(first, second);
  });
});

test("there are fifteen planted defects or more, each with a name of its own", () => {
  assert.ok(MUTANTS.length >= 15);
  assert.equal(new Set(MUTANTS.map(({ name }) => name)).size, MUTANTS.length);
});
