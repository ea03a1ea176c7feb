process.env["TZ"] = "Europe/Berlin";
import assert from "node:assert/strict";
import { test } from "node:test";
import type { FinalizationRecord } from "../../src/core/record/record.ts";
import { STATES } from "../../src/core/states.ts";
import { fleetHistoryScreen } from "../../src/view/fleet/fleet-history-screen.ts";
import { fleetScreen } from "../../src/view/fleet/fleet-screen.ts";
import { historyScreen } from "../../src/view/history-screen.ts";
import { statusScreen, type StatusNow } from "../../src/view/status-screen.ts";
import { PLAIN, type Style, withoutColour } from "../../src/view/style.ts";
import { widthOf } from "../../src/view/text.ts";
import { assertGolden } from "../support/golden.ts";
import { GROUPS, HISTORY } from "./fleet-samples.ts";
import { LOADER, NEW, NOW, OLD, RECORDS, slotOf, statusOf } from "./samples.ts";

const COLOURED: Style = { colour: "on", symbols: "unicode", width: 80 };

type Screen = (style: Style) => string[];

/** A screen in the two ways in which it is shown most: to scripts, and to people. */
function goldenTest(name: string, screen: Screen): void {
  test(`screen: ${name}`, () => {
    const plain = screen(PLAIN);
    const coloured = screen(COLOURED);
    assertGolden(`${name}.txt`, plain);
    assertGolden(`${name}.colour.txt`, coloured);
    assert.deepEqual(coloured.map(withoutColour), screen({ ...COLOURED, colour: "off" }));
    assert.notDeepEqual(coloured.map(withoutColour), coloured);
    for (const line of [...plain, ...coloured]) assert.ok(widthOf(line) <= 80, line);
    assert.match(plain.join("\n"), /^[\n -~]*$/, "plain is ASCII");
  });
}

for (const name of Object.keys(RECORDS)) {
  goldenTest(`status-${name}`, (style) => statusScreen(style, statusOf(name)));
}

const orphan = { driver: { kind: "nobody" }, waiting: null, place: "older" } as const;
goldenTest("status-nobody-drives-it", (style) => statusScreen(style, statusOf("waiting", orphan)));

const unknown = { driver: { kind: "unknown", why: "systemctl ended with exit code 1" } } as const;
goldenTest("status-driver-unknown", (style) => statusScreen(style, statusOf("waiting", unknown)));

const booting = { driver: { kind: "resume" }, waiting: null } as const;
goldenTest("status-booting", (style) => statusScreen(style, statusOf("rebooting", booting)));

const going = { driver: { kind: "shutdown" }, waiting: null } as const;
goldenTest("status-going-down", (style) => statusScreen(style, statusOf("rebooting", going)));

/** The record of a sample with other fields. */
function changed(name: string, changes: Partial<FinalizationRecord>): StatusNow {
  const record = RECORDS[name];
  assert.ok(record);
  return statusOf(name, { record: { ...record, ...changes } });
}

goldenTest("status-live-old-code", (style) => {
  const session = "the processes of a user session are not restarted";
  const [gdm, bash] = [
    "/nix/store/0a1b2c3d4e5f6g7h8i9j0k1l2m3n4o5p-gdm-48.0",
    "/nix/store/9z8y7x6w5v4u3t2s1r0q9p8o7n6m5l4k-bash-5.2",
  ];
  const units = [
    {
      unit: "display-manager.service",
      why: "restartIfChanged = false",
      processes: 1,
      paths: [gdm],
    },
    { unit: "user session of anna", why: session, processes: 12, paths: [bash] },
  ];
  return statusScreen(style, changed("live", { oldCode: { kind: "known", units, more: 0 } }));
});

goldenTest("status-live-old-code-unknown", (style) => {
  const oldCode = { kind: "unknown", why: "it took longer than 5 s" } as const;
  return statusScreen(style, changed("live", { oldCode }));
});

goldenTest("status-verifying-without-rollback", (style) =>
  statusScreen(style, statusOf("verifying", { rollback: "disabled" })),
);

goldenTest("status-switching-long", (style) => {
  const waiting = {
    for: "switch",
    why: "systemd waits for: join.service start (running), multi-user.target start (waiting)",
    since: "2026-11-22T21:33:00.000Z",
    until: "2026-11-22T22:03:00.000Z",
    next: null,
  };
  return statusScreen(style, statusOf("switching", { waiting }));
});

goldenTest("status-changed-since", (style) => {
  const host = {
    booted: OLD,
    current: OLD,
    profile: NEW,
    rebootRequired: null,
    bootLoader: LOADER,
  };
  return statusScreen(style, { ...statusOf("live"), host });
});

goldenTest("status-profile-changed-since", (style) => {
  const host = {
    booted: OLD,
    current: NEW,
    profile: OLD,
    rebootRequired: null,
    bootLoader: LOADER,
  };
  return statusScreen(style, { ...statusOf("live"), host });
});

goldenTest("status-holds-slot", (style) =>
  statusScreen(style, statusOf("rebooting", {}, slotOf())),
);

goldenTest("status-keeps-slot", (style) => {
  const keptBecause = "the host fell back to generation 41 until 2026-11-22T21:35:00.000Z";
  return statusScreen(style, statusOf("failed", {}, slotOf({ keptBecause })));
});

goldenTest("status-slot-unknown", (style) => {
  const why = "cannot understand /var/lib/deploy-finalize/slot.json";
  return statusScreen(style, statusOf("live", {}, { kind: "unknown", why }));
});

const fresh: StatusNow = {
  now: NOW,
  hostName: "web1",
  host: { booted: OLD, current: OLD, profile: OLD, rebootRequired: null, bootLoader: LOADER },
  fallback: null,
  finalization: { kind: "none" },
  slot: { kind: "none" },
  user: "root",
};
goldenTest("status-never-finalized", (style) => statusScreen(style, fresh));

goldenTest("status-hidden", (style) =>
  statusScreen(style, {
    ...fresh,
    host: {
      booted: OLD,
      current: NEW,
      profile: { ...NEW, toplevel: null },
      rebootRequired: null,
      bootLoader: LOADER,
    },
    finalization: {
      kind: "hidden",
      why: "only root may read /var/lib/deploy-finalize",
      pending: ["deploy-finalize-20261122-213000-k3f9.timer"],
    },
    user: "other",
  }),
);

goldenTest("history", (style) => {
  const records = Object.values(RECORDS).map((record) => ({ kind: "record", record }) as const);
  const why = "schema version 2, written by a newer deploy-finalize";
  const broken = { kind: "broken", id: "20261122-213000-zzzz", why } as const;
  return historyScreen(style, NOW, [...records, broken]);
});

for (const [name, group] of Object.entries(GROUPS)) {
  goldenTest(`fleet-${name}`, (style) => fleetScreen(style, NOW, group, "notable"));
}

goldenTest("fleet-history", (style) => fleetHistoryScreen(style, NOW, HISTORY));

test("history: a rollback names what it takes back, in whatever state it is", () => {
  for (const [name, record] of Object.entries(RECORDS)) {
    const back = { ...record, rollbackOf: "20261122-211500-km17" };
    const drawn = historyScreen({ ...PLAIN, width: 200 }, NOW, [{ kind: "record", record: back }]);
    assert.equal(drawn.join("\n").match(/rollback of km17/g)?.length, 1, name);
  }
});

test("screens: no state is without one", () => {
  const shown = new Set(Object.values(RECORDS).map(({ state }) => state));
  assert.deepEqual([...shown].toSorted(), [...STATES].toSorted());
});

test("history: whole ids where there is room for them", () => {
  const [record] = Object.values(RECORDS);
  assert.ok(record !== undefined);
  const entries = [{ kind: "record", record } as const];
  assert.match(
    historyScreen({ ...PLAIN, width: 100 }, NOW, entries).join(),
    /20261122-213000-k3f9/,
  );
});

test("history: says so where there is none", () => {
  assert.deepEqual(historyScreen(PLAIN, NOW, []), ["no finalization on this host yet"]);
});
