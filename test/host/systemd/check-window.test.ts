import assert from "node:assert/strict";
import { test } from "node:test";
import { makeSpawn, type SpawnOptions } from "../../../src/host/process/spawn.ts";
import { checkWindows } from "../../../src/host/systemd/check-window.ts";

// The real systemd-analyze: what it takes is what is tested.
const spawn = makeSpawn({ env: process.env, kill: () => {} });
const host = { spawn, now: () => new Date("2026-11-22T21:30:00Z") };

const WINDOWS: [start: string, hours: number, problem: RegExp | null][] = [
  ["Sat 02:00", 3, null],
  ["Sat 02:00 UTC", 3, null],
  ["Sat 02:00 Europe/Berlin", 3, null],
  ["Sat 02:00 Asia/Calcutta", 3, null],
  ["Sat 02:00 Europe/Berln", 3, /^has an unknown time zone: Europe\/Berln\. .*Europe\/Berlin\?$/],
  ["Sat 02:00 europe/berlin", 3, /^cannot be used: /],
  ["Sat 02:00 Europe/BERLIN", 3, /^has an unknown time zone: .*Europe\/Berlin\?$/],
  ["Sat 02:00 No/Such_Zone", 3, /^has an unknown time zone: No\/Such_Zone/],
  // A host in Berlin knows the zone by this name.
  ["Sat 02:00 CEST", 3, null],
  ["daily", 12, null],
  ["2099-01-01", 999, null],
  ["Someday 25:99", 3, /^cannot be used: .*Failed to parse/],
  ["daily", 48, /^is open always/],
  ["hourly", 1, /^is open always/],
];
for (const [start, hours, problem] of WINDOWS) {
  test(`check-config: a window of ${hours} h at ${start}`, async () => {
    const found = await checkWindows(host, [{ start, duration: hours * 3600 }]);
    if (problem === null) assert.deepEqual(found, []);
    else assert.match(found[0]?.why ?? "", problem);
  });
}

const DAY = 24;
for (const [what, windows, problem] of [
  [
    "a working day and a weekend",
    [
      ["Mon..Fri 00:00", DAY],
      ["Sat,Sun 00:00", DAY],
    ],
    null,
  ],
  [
    "a week and some hours",
    [
      ["Sat 02:00", 48],
      ["hourly", 0.5],
    ],
    [],
  ],
  [
    "two that leave an hour",
    [
      ["00:00", 12],
      ["13:00", 11],
    ],
    [],
  ],
  [
    "two that leave none",
    [
      ["00:00", 12],
      ["11:00", 13],
    ],
    null,
  ],
  [
    "one of another shape",
    [
      ["Sat 02:00", 3],
      ["Someday 25:99", 3],
    ],
    [1],
  ],
] as const) {
  test(`check-config: windows together: ${what}`, async () => {
    const found = await checkWindows(
      host,
      windows.map(([start, hours]) => ({ start, duration: hours * 3600 })),
    );
    assert.deepEqual(
      found.map(({ index }) => index),
      problem ?? [null],
    );
  });
}

/** As the sandbox of a build: systemd takes no zone. */
const sandbox = {
  ...host,
  spawn: async (argv: readonly string[], options?: SpawnOptions) =>
    await spawn(
      argv.map((word) => word.replace(/ [A-Z][\w+/-]*$/, " No/Zones")),
      options,
    ),
};

for (const [zone, problem] of [
  ["Europe/Berlin", null],
  ["UTC", null],
  ["CEST", null],
  ["US/Eastern", null],
  ["Etc/GMT+3", null],
  // It may be newer than Node.
  ["Moon/Tranquillity_Base", null],
  ["Europe/Berln", /^has an unknown time zone: Europe\/Berln\. Did you mean Europe\/Berlin\?$/],
  ["Europe/BERLIN", /^has an unknown time zone: .* Did you mean Europe\/Berlin\?$/],
] as const) {
  test(`check-config: without time zones, as in the sandbox of a build: ${zone}`, async () => {
    const found = await checkWindows(sandbox, [{ start: `Sat 02:00 ${zone}`, duration: 3600 }]);
    if (problem === null) assert.deepEqual(found, []);
    else assert.match(found[0]?.why ?? "", problem);
  });
}

/** As Debian without tzdata-legacy. */
const lacking = {
  ...host,
  spawn: async (argv: readonly string[], options?: SpawnOptions) =>
    await spawn(
      argv.map((word) => word.replace(" US/Eastern", " No/Zone")),
      options,
    ),
};

test("check-config: a machine may lack the older names of zones that its hosts know", async () => {
  const window = { start: "Sat 02:00 US/Eastern", duration: 3600 };
  assert.deepEqual(await checkWindows(lacking, [window]), []);
});
