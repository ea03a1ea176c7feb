import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { hostAvailable } from "../test-host/available.ts";
import { hostTest } from "../test-host/host-test.ts";
import type { Host } from "../test-host/host.ts";
import { assertRuns } from "./deploying.ts";
import * as lies from "./lies.ts";
import type { Lie } from "./lies.ts";
import {
  deployed,
  type How,
  isActive,
  type Line,
  lineOf,
  printTable,
  specOf,
  unitsBefore,
} from "./tables.ts";

// In each row the new system is not what the deploy wanted, although it comes up. The rows of a group
// share a host, because a rollback brings the system before the deploy back.
const lines: Line[] = [];

function group(name: string, how: How, rows: readonly Lie[]): void {
  const before = unitsBefore(rows);
  const same = { units: before, userUnits: lies.userUnitsBefore };
  const baseline = specOf("switch", "0", same, {});
  hostTest(`lies by ${how}: ${name}`, { baseline }, async (host) => {
    if (rows.includes(lies.userUnit)) await host.userManager();
    const { current } = await host.facts();
    const wrong: Line[] = [];
    for (const [index, row] of rows.entries()) {
      const spec = { ...same, ...row.spec, units: { ...before, ...row.after } };
      const record = await deployed(host, specOf(how, String(index + 4), spec, row.verify ?? {}));
      const line = lineOf(row.what, how, record);
      lines.push(line);
      if (await isRight(host, row, line)) await assertRuns(host, current);
      else {
        wrong.push(line);
        await host.deployBoot(current);
        await host.run([`${current}/bin/switch-to-configuration`, "test"]);
      }
    }
    assert.deepEqual(wrong, []);
  });
}

async function isRight(host: Host, row: Lie, { state, reason }: Line): Promise<boolean> {
  const isTold = state === "rolled-back" && reason.includes(row.names);
  return isTold && (row.before?.[row.names] === undefined || (await isActive(host, row.names)));
}

void describe("planted lies", { concurrency: 3 }, () => {
  group("not started", "switch", [
    lies.unloaded,
    lies.unasserted,
    lies.requisite,
    lies.dependent,
    lies.keptOn,
    lies.dropIn,
  ]);
  group("fails", "switch", [
    lies.exiting,
    lies.preparing,
    lies.following,
    lies.once,
    lies.secret,
    lies.unreloaded,
  ]);
  group("over time", "switch", [
    lies.unready,
    lies.fastLoop,
    lies.slowLoop,
    lies.ending,
    lies.endingLoop,
    lies.dying,
  ]);
  group("new", "switch", [
    lies.newFailed,
    lies.newUnloaded,
    lies.newUnasserted,
    lies.newDependent,
    lies.newRequisite,
    lies.newLate,
  ]);
  group("sockets, timers, paths", "switch", [
    lies.unbound,
    lies.behindSocket,
    lies.socketDaemon,
    lies.calendar,
    lies.pathless,
  ]);
  group("other kinds", "switch", [lies.unmounted, lies.instance, lies.targetless, lies.ranTarget]);
  group("whole system", "switch", [
    lies.halfWay,
    lies.snippet,
    lies.checked,
    lies.nameless,
    lies.userUnit,
    lies.userUnloaded,
  ]);
  group("services", "reboot", [lies.unloaded, lies.exiting, lies.newLate, lies.dependent]);
  group("other units", "reboot", [lies.unmounted, lies.slowLoop, lies.newRequisite, lies.instance]);
  group("words", "reboot", [lies.unasserted, lies.ending, lies.bootSnippet, lies.behindSocket]);
});

const host = hostAvailable();
void test("the table of planted lies", { skip: host.available ? false : host.reason }, () => {
  printTable("planted lies", lines);
  const count = (how: How): number => lines.filter((line) => line.how === how).length;
  assert.ok(count("switch") >= 24 && count("reboot") >= 8, `${lines.length} rows`);
  const wrong = lines.filter(({ state }) => state !== "rolled-back");
  assert.deepEqual(wrong, []);
});
