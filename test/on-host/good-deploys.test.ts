import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { hostAvailable } from "../test-host/available.ts";
import { hostTest } from "../test-host/host-test.ts";
import * as noises from "./noises.ts";
import type { Noise } from "./noises.ts";
import {
  deployed,
  type How,
  type Line,
  lineOf,
  printTable,
  specOf,
  unitsBefore,
} from "./tables.ts";

// Good deploys, each with something around it that looks like trouble. The rows of a group share a
// host: what one row brings stays there, and makes noise for the others too.
const lines: Line[] = [];

function group(name: string, how: How, rows: readonly Noise[]): void {
  const units = unitsBefore(rows);
  const baseline = specOf("switch", "0", { units: { ...units } }, {});
  hostTest(`good deploys by ${how}: ${name}`, { baseline }, async (host) => {
    if (rows.includes(noises.userManager)) await host.userManager();
    const wrong: Line[] = [];
    for (const [index, row] of rows.entries()) {
      if (row.first !== undefined) await host.shell(row.first);
      for (const [unit, text] of Object.entries(row.after ?? {})) {
        if (text === null) delete units[unit];
        else units[unit] = text;
      }
      const label = row === noises.unchanged ? "0" : String(index + 4);
      const spec = specOf(how, label, { ...row.spec, units: { ...units } }, row.verify ?? {});
      const line = lineOf(row.what, how, await deployed(host, spec));
      lines.push(line);
      if (line.state !== "live") wrong.push(line);
      // What comes next is built on what runs now.
      if (line.state !== "live") break;
    }
    assert.deepEqual(wrong, []);
  });
}

void describe("good deploys", { concurrency: 3 }, () => {
  group("what changes", "switch", [
    noises.unchanged,
    noises.removed,
    noises.unwanted,
    noises.unmet,
    noises.newUnmet,
  ]);
  group("what becomes idle", "switch", [
    noises.toOneshot,
    noises.masked,
    noises.idleAgain,
    noises.timed,
    noises.template,
    noises.requires,
  ]);
  group("restarts", "switch", [
    noises.triedBefore,
    noises.failedBefore,
    noises.loopBefore,
    noises.poller,
    noises.newPoller,
    noises.crashOnce,
    noises.secondTry,
  ]);
  group("others", "switch", [
    noises.probe,
    noises.userManager,
    noises.coredump,
    noises.operator,
    noises.reexec,
    noises.slow,
  ]);
  group("many units", "switch", [noises.many, noises.removed]);
  group("1", "reboot", [noises.twoStarts, noises.byHand, noises.endsByItself, noises.longJob]);
  group("2", "reboot", [noises.failedBefore, noises.loopBefore, noises.timed, noises.unmet]);
});

const host = hostAvailable();
void test("the table of good deploys", { skip: host.available ? false : host.reason }, () => {
  printTable("good deploys", lines);
  assert.ok(lines.length >= 14, `${lines.length} rows`);
  assert.deepEqual(
    lines.filter(({ state }) => state !== "live"),
    [],
  );
});
