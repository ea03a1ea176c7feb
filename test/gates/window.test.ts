import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import fc from "../support/fast-check.ts";
import type { StaggeredWindow } from "../../src/core/config/windows/window-config.ts";
import { DEFAULT_CONFIG } from "../../src/core/config/defaults.ts";
import { lookAtWindow, lookAtWindows, parseElapses } from "../../src/host/systemd/calendar.ts";
import { spawnWith } from "../support/spawning.ts";
import type { GateContext } from "../../src/gates/gate.ts";
import { windowGate, windowsFor, windowsToKeep } from "../../src/gates/window.ts";
import { EdgeHost } from "../support/edge-host.ts";
import type { FinalizationRecord } from "../../src/core/record/record.ts";
import { aRecord } from "../support/records.ts";

const isMissing = spawnSync("systemd-analyze", ["--version"]).error !== undefined;
const real = { skip: isMissing ? "systemd-analyze is not installed" : false };

/** A host whose only real part is systemd-analyze, in a time zone of its own. */
class CalendarHost extends EdgeHost {
  constructor(zone = "UTC") {
    super();
    const spawn = spawnWith({ PATH: process.env["PATH"], TZ: zone });
    this.spawn = async (argv, options) => {
      this.ran.push(argv);
      return await spawn(argv, options);
    };
  }

  at(time: string): this {
    this.time = Date.parse(time);
    return this;
  }
}

async function inWords(host: EdgeHost, window: StaggeredWindow): Promise<string> {
  const seen = await lookAtWindow(host, window);
  switch (seen.kind) {
    case "open":
      return `open until ${seen.until.toISOString()}`;
    case "closed":
      return `closed until ${seen.opensAt.toISOString()}`;
    case "over":
      return "over";
    case "unknown":
      return `unknown: ${seen.why}`;
  }
}

const H = 3600;

/** Zone of the host, expression, duration in hours, now, what the window says. */
const cases: [string, string, number, string, string][] = [
  // Over midnight, and over the end of the week.
  ["UTC", "Fri 23:00", 3, "2026-11-28T01:30:00Z", "open until 2026-11-28T02:00:00.000Z"],
  ["UTC", "Sun 22:00", 4, "2026-11-30T01:59:59Z", "open until 2026-11-30T02:00:00.000Z"],
  ["UTC", "Sun 22:00", 4, "2026-11-30T02:00:00Z", "closed until 2026-12-06T22:00:00.000Z"],
  ["UTC", "Sat,Sun,Mon 01:00", 1, "2026-11-24T00:00:00Z", "closed until 2026-11-28T01:00:00.000Z"],
  // A zone of its own, and the host's.
  ["UTC", "02:00 Asia/Tokyo", 1, "2026-11-22T16:59:00Z", "closed until 2026-11-22T17:00:00.000Z"],
  ["Asia/Kolkata", "02:00", 1, "2026-11-22T20:45:00Z", "open until 2026-11-22T21:30:00.000Z"],
  ["Africa/Abidjan", "02:00", 1, "2026-11-22T02:15:00Z", "open until 2026-11-22T03:00:00.000Z"],
  // Berlin sets its clock on by an hour at 01:00 UTC: 02:30 does not come.
  [
    "UTC",
    "02:30 Europe/Berlin",
    1,
    "2026-03-29T01:00:00Z",
    "closed until 2026-03-30T00:30:00.000Z",
  ],
  ["UTC", "01:30 Europe/Berlin", 2, "2026-03-29T02:00:00Z", "open until 2026-03-29T02:30:00.000Z"],
  // And back at 01:00 UTC: 02:30 comes twice, and only the first one counts.
  [
    "UTC",
    "02:30 Europe/Berlin",
    0.5,
    "2026-10-25T00:45:00Z",
    "open until 2026-10-25T01:00:00.000Z",
  ],
  [
    "UTC",
    "02:30 Europe/Berlin",
    0.5,
    "2026-10-25T01:45:00Z",
    "closed until 2026-10-26T01:30:00.000Z",
  ],
  ["Europe/Berlin", "02:30", 2, "2026-10-25T02:15:00Z", "open until 2026-10-25T02:30:00.000Z"],
  [
    "Europe/Berlin",
    "Sun 02:30",
    1,
    "2026-10-25T01:40:00Z",
    "closed until 2026-11-01T01:30:00.000Z",
  ],
  // One that has been, one that is long, one that begins all the time.
  ["UTC", "2026-01-01 02:00", 1, "2026-11-22T02:00:00Z", "over"],
  ["UTC", "*-01-01", 300 * 24, "2026-10-27T00:00:00Z", "open until 2026-10-28T00:00:00.000Z"],
  ["UTC", "*:*:*", 0.01, "2026-11-22T02:00:00Z", "open until 2026-11-22T02:00:01.000Z"],
];

for (const [zone, start, hours, now, expected] of cases) {
  test(`window: ${start} for ${hours} h, in ${zone} at ${now}`, real, async () => {
    using host = new CalendarHost(zone).at(now);
    assert.equal(await inWords(host, { start, duration: hours * H, offset: 0 }), expected);
  });
}

test("window: what systemd does not take is unknown, in its words", real, async () => {
  using host = new CalendarHost();
  for (const start of ["Sat 25:00", "Sat 02:00 Europe/Nowhere", "--help", "-x"])
    assert.match(
      await inWords(host, { start, duration: H, offset: 0 }),
      /^unknown: systemd-analyze .*parse/,
    );
});

test("window: without systemd-analyze it is unknown", async () => {
  using host = new EdgeHost();
  const cause = "could not be started: systemd-analyze is not in PATH";
  host.answers["systemd-analyze"] = { exitCode: null, cause };
  assert.match(
    await inWords(host, { start: "02:00", duration: H, offset: 0 }),
    /unknown: .*not in PATH/,
  );
});

test("window: each form of systemd-analyze's lines is read", () => {
  const text = `  Original form: 2026-03-28 02:00:00 UTC
Normalized form: 2026-03-28 02:00:00 UTC
    Next elapse: Sat 2026-03-28 02:00:00 CET
       (in UTC): Sat 2026-03-28 01:00:00 UTC
       From now: 7 months 26 days ago
   Iteration #2: Sun 2026-03-29 02:00:00 CET
       (in UTC): Sun 2026-03-29 01:00:00 UTC
       Iter. #3: Mon 2026-03-30 02:00:00 UTC
`;
  const found = parseElapses(text).map((moment) => moment.toISOString());
  const days = ["2026-03-28T01", "2026-03-29T01", "2026-03-30T02"];
  assert.deepEqual(
    found,
    days.map((day) => `${day}:00:00.000Z`),
  );
  assert.deepEqual(parseElapses("    Next elapse: never\n"), []);
});

const UNREADABLE = {
  "with colours": "    Next elapse: \u001b[0;1;34mSat 2026-11-28 02:00:00 UTC\u001b[0m\n",
  "of another shape": "Next: 2026-11-28T02:00:00Z\n",
  "with a date that is none": "    Next elapse: Sat yyyy-11-28 02:00:00 UTC\n",
  "that is empty": "",
};

for (const [what, stdout] of Object.entries(UNREADABLE)) {
  test(`window: output ${what} is unknown, not over`, async () => {
    using host = new EdgeHost();
    host.answers["systemd-analyze"] = { stdout };
    const seen = await lookAtWindow(host, { start: "Sat 02:00", duration: H, offset: 0 });
    assert.equal(seen.kind, "unknown");
    host.answers["systemd-analyze"] = { stdout: "    Next elapse: never\n" };
    assert.equal(
      (await lookAtWindow(host, { start: "Sat 02:00", duration: H, offset: 0 })).kind,
      "over",
    );
  });
}

test("window: a caller who asks for colours changes nothing", real, async () => {
  using host = new EdgeHost();
  host.spawn = spawnWith({ PATH: process.env["PATH"], TZ: "UTC", SYSTEMD_COLORS: "1" });
  const seen = await lookAtWindow(host, { start: "Sat 02:00", duration: H, offset: 0 });
  assert.equal(seen.kind, "closed");
});

// Against the list of a whole year, made by one call from its beginning.

const ZONES = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "UTC"];
const YEAR = { from: Date.parse("2026-01-01T00:00:00Z"), to: Date.parse("2027-01-01T00:00:00Z") };
const DAY = 86_400_000;

const expressions = fc
  .tuple(
    fc.constantFrom("", "Sat ", "Mon..Fri ", "Sun,Wed ", "*-*-01 ", "*-*-7/9 ", "*-*~1 "),
    fc.constantFrom("0", "1", "2", "3", "12", "23", "*", "0/6", "1..3"),
    fc.constantFrom("00", "30", "15,45"),
  )
  .map(([day, hour, minute]) => `${day}${hour}:${minute}`);

/** Half of them around the changes of the clocks. */
const moments = fc.oneof(
  fc.integer({ min: YEAR.from + 41 * DAY, max: YEAR.to }),
  fc
    .tuple(
      fc.constantFrom("2026-03-29T01", "2026-10-25T01", "2026-03-08T07", "2026-11-01T06"),
      fc.integer({ min: -3 * 3_600_000, max: 3 * 3_600_000 }),
    )
    .map(([hour, off]) => Date.parse(`${hour}:00:00Z`) + off),
);

/** Every start of the year and the first one after it; null where systemd does not tell. */
function listed(zone: string, start: string): Date[] | null {
  const env = { PATH: process.env["PATH"], TZ: zone };
  const found: Date[] = [];
  for (let from = YEAR.from; from < YEAR.to; from = found.at(-1)?.getTime() ?? YEAR.to) {
    const argv = ["calendar", "--iterations=500", `--base-time=@${from / 1000}`, "--", start];
    const { status, stdout } = spawnSync("systemd-analyze", argv, { env, encoding: "utf8" });
    // Some versions end in the middle, where clocks are set on: then there is no list.
    if (status !== 0) return null;
    found.push(...parseElapses(stdout));
  }
  return found;
}

test(
  "window: open now and the next start are those of systemd's list of a year",
  real,
  async () => {
    let compared = 0;
    const durations = fc.oneof(
      fc.integer({ min: 1, max: 5 * H }),
      fc.integer({ min: 1, max: 40 * 24 * H }),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...ZONES),
        fc.constantFrom("own", "of the host"),
        expressions,
        durations,
        fc.array(moments, { minLength: 4, maxLength: 4 }),
        async (zone, whose, expression, duration, times) => {
          const start = whose === "own" ? `${expression} ${zone}` : expression;
          const hostZone = whose === "own" ? "UTC" : zone;
          using host = new CalendarHost(hostZone);
          const starts = listed(hostZone, start);
          if (starts === null) return;
          for (const time of times) {
            host.time = time;
            const seen = await lookAtWindow(host, { start, duration, offset: 0 });
            const isOpen: boolean = starts.some(
              (from) => +from <= time && time < +from + duration * 1000,
            );
            const next: Date | undefined = starts.find((from) => +from > time);
            const later = next === undefined ? "over" : `closed ${next.toISOString()}`;
            const expected: string = isOpen ? "open" : later;
            const found =
              seen.kind === "closed" ? `closed ${seen.opensAt.toISOString()}` : seen.kind;
            assert.equal(
              found,
              expected,
              `${start}, ${duration} s, at ${new Date(time).toISOString()}`,
            );
            compared++;
          }
        },
      ),
      { numRuns: 10 },
    );
    assert.ok(compared > 0);
  },
);

// The gate.

const NIGHT = { start: "02:00", duration: H, offset: 0 };

function contextOf(host: EdgeHost): GateContext {
  return { host, record: aRecord(), config: DEFAULT_CONFIG };
}

test(
  "gate: the window tells when it opens, and is looked at anew only when it can have changed",
  real,
  async () => {
    using host = new CalendarHost().at("2026-11-22T21:31:00Z");
    const gate = windowGate("reboot", [NIGHT]);
    const first = await gate.look(contextOf(host));
    assert.deepEqual(first, {
      kind: "closed",
      why: "opens at 2026-11-23T02:00:00.000Z (02:00)",
      opensAt: new Date("2026-11-23T02:00:00Z"),
    });
    const asked = host.ran.length;
    assert.deepEqual(await gate.look(contextOf(host)), first);
    assert.equal(host.ran.length, asked);
    host.at("2026-11-23T02:00:00Z");
    assert.equal((await gate.look(contextOf(host))).kind, "open");
    host.at("2026-11-23T03:00:00Z");
    assert.equal((await gate.look(contextOf(host))).kind, "closed");
  },
);

test("gate: a clock that is set back is noticed", real, async () => {
  using host = new CalendarHost().at("2026-11-23T02:30:00Z");
  const gate = windowGate("reboot", [NIGHT]);
  assert.equal((await gate.look(contextOf(host))).kind, "open");
  host.at("2026-11-23T01:30:00Z");
  assert.equal((await gate.look(contextOf(host))).kind, "closed");
});

test(
  "gate: waiting for the window ends when it is told to",
  { ...real, timeout: 120_000 },
  async () => {
    using host = new CalendarHost().at("2026-11-22T21:31:00Z");
    const gate = windowGate("reboot", [NIGHT]);
    // What is pending below is then the wait alone, and not systemd-analyze.
    await gate.look(contextOf(host));
    const over = new AbortController();
    const changed = gate.change(contextOf(host), over.signal);
    assert.equal(await Promise.race([changed, sleep(50, "pending")]), "pending");
    over.abort();
    await changed;
  },
);

test(
  "gate: a window that opens between the look and the wait for it ends that wait",
  real,
  async () => {
    using host = new CalendarHost().at("2026-11-23T01:59:59Z");
    const gate = windowGate("reboot", [NIGHT]);
    assert.equal((await gate.look(contextOf(host))).kind, "closed");
    host.at("2026-11-23T02:00:01Z");
    // It looks again after a minute in any case.
    const late = AbortSignal.timeout(50_000);
    await gate.change(contextOf(host), late);
    assert.ok(!late.aborted, "it waited in the open window");
  },
);

// Several windows.

const MORNING = { start: "Mon..Fri 06:00", duration: H, offset: 0 };
const SATURDAY = { start: "Sat 02:00", duration: 6 * H, offset: 0 };
const BOTH = [MORNING, SATURDAY];
const OVER = { start: "2026-01-01", duration: H, offset: 0 };

for (const [now, expected] of [
  // A Friday.
  ["2026-11-27T05:59:59Z", "closed until 2026-11-27T06:00:00.000Z (Mon..Fri 06:00)"],
  ["2026-11-27T06:30:00Z", "open until 2026-11-27T07:00:00.000Z"],
  ["2026-11-27T07:00:00Z", "closed until 2026-11-28T02:00:00.000Z (Sat 02:00)"],
  ["2026-11-28T07:59:59Z", "open until 2026-11-28T08:00:00.000Z"],
  ["2026-11-28T08:00:00Z", "closed until 2026-11-30T06:00:00.000Z (Mon..Fri 06:00)"],
] as const) {
  test(`windows: a host is in any of them, and waits for the earliest: ${now}`, real, async () => {
    using host = new CalendarHost().at(now);
    assert.equal(await allInWords(host, BOTH), expected);
    assert.equal(await allInWords(host, [OVER, ...BOTH.toReversed()]), expected);
  });
}

async function allInWords(host: EdgeHost, windows: readonly StaggeredWindow[]): Promise<string> {
  const seen = await lookAtWindows(host, windows);
  switch (seen.kind) {
    case "open":
      return `open until ${seen.until.toISOString()}`;
    case "closed":
      return `closed until ${seen.opensAt.toISOString()} (${seen.start})`;
    case "over":
      return "over";
    case "unknown":
      return `unknown: ${seen.why}`;
  }
}

test("windows: those that overlap count as one", real, async () => {
  using host = new CalendarHost().at("2026-11-28T07:30:00Z");
  const more = [SATURDAY, { start: "Sat 07:00", duration: 4 * H, offset: 0 }];
  assert.equal(await allInWords(host, more), "open until 2026-11-28T11:00:00.000Z");
  host.at("2026-11-28T10:59:59Z");
  assert.equal(await allInWords(host, more), "open until 2026-11-28T11:00:00.000Z");
});

test(
  "windows: one that is unknown keeps nothing closed that is open, and opens nothing",
  real,
  async () => {
    using host = new CalendarHost().at("2026-11-28T03:00:00Z");
    const odd = { start: "Someday", duration: H, offset: 0 };
    assert.match(await allInWords(host, [odd, SATURDAY]), /^open/);
    assert.match(await allInWords(host, [MORNING, odd]), /^unknown/);
    assert.equal(await allInWords(host, [OVER]), "over");
  },
);

test("windows: the offset of a host comes from its machine id, and is always the same", () => {
  const offsets = new Set<number>();
  for (let index = 0; index < 100; index++) {
    using host = new EdgeHost();
    host.folder.write("etc/machine-id", `${index.toString(16).padStart(32, "0")}\n`);
    const reboot = { ...DEFAULT_CONFIG.reboot, window: [{ start: "02:00", duration: H }] };
    const config = { ...DEFAULT_CONFIG, reboot, stagger: 1200 };
    const offsetOf = (): number => windowsFor(host, config, "reboot")?.[0]?.offset ?? -1;
    assert.equal(offsetOf(), offsetOf());
    assert.ok(offsetOf() >= 0 && offsetOf() < 1200);
    offsets.add(offsetOf());
  }
  assert.ok(offsets.size > 80, `${offsets.size} different offsets of 100 hosts`);
});

test("windows: each act has its own; what is by hand or belongs to a reboot keeps none", () => {
  using host = new EdgeHost();
  const [reboot, switches] = [NIGHT, MORNING].map(({ start, duration }) => ({ start, duration }));
  assert.ok(reboot !== undefined && switches !== undefined);
  const config = {
    ...DEFAULT_CONFIG,
    reboot: { ...DEFAULT_CONFIG.reboot, window: [reboot] },
    switch: { ...DEFAULT_CONFIG.switch, window: [switches] },
  };
  const starts = (action: "switch" | "reboot", changes: Partial<FinalizationRecord> = {}) =>
    windowsToKeep({ host, config, record: aRecord(changes) }, action)?.map(({ start }) => start);
  assert.deepEqual([starts("switch"), starts("reboot")], [["Mon..Fri 06:00"], ["02:00"]]);
  const since = { at: "2026-11-22T21:31:00.000Z", bootId: "boot-1", uptime: 1 };
  for (const changes of [
    { rollbackOf: "20261122-210000-bbbb" },
    { hurried: { by: "ann", past: [], since } },
  ]) {
    assert.deepEqual(
      [starts("switch", changes), starts("reboot", changes)],
      [undefined, undefined],
    );
  }
  assert.equal(starts("switch", { state: "verifying" }), undefined);
  assert.deepEqual(starts("reboot", { state: "switching" }), ["02:00"]);
});
