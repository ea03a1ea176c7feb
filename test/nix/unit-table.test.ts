import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import * as v from "valibot";
import * as commands from "../../src/host/systemd/commands.ts";
import { repository } from "../test-host/paths.ts";
import { nixTest } from "./pkgs/nix-test.ts";
import { enabled, hostView, viewSchema } from "./view.ts";

/** Every unit that the program or the module makes: whoever adds one says here how it is driven. */
interface Row {
  /** Exit codes after which it is not started again; null if nothing starts it again. */
  readonly endsWith: string | null;
  /** `early`: in a boot that does not get through too, and whatever is isolated. */
  readonly starts: "early" | "after-basic";
  readonly survivesIsolate: boolean;
  /** The one target that it waits for besides the defaults. */
  readonly after?: string;
}

const NEEDED_NO_MORE = null;
const RUN = "3 10 203";
const DEFAULTS = { starts: "after-basic", survivesIsolate: true } as const;
const EARLY = { starts: "early", survivesIsolate: true, after: "local-fs.target" } as const;

const OF_MODULE: Readonly<Record<string, Row>> = {
  // What it installs is needed for reading alone.
  "deploy-finalize-catalog.service": {
    endsWith: NEEDED_NO_MORE,
    starts: "after-basic",
    survivesIsolate: false,
  },
  // The unit for a boot that hangs is there when rescue mode ends this one.
  "deploy-finalize-resume.service": {
    endsWith: "",
    starts: "after-basic",
    survivesIsolate: false,
    after: "multi-user.target",
  },
  "deploy-finalize-boot-complete.service": { endsWith: "1", ...EARLY },
  "deploy-finalize-stuck-boot.service": { endsWith: "", ...EARLY },
  "deploy-finalize-stuck-boot.timer": {
    endsWith: NEEDED_NO_MORE,
    starts: "early",
    survivesIsolate: true,
  },
};

const CALLED = { command: ["/program"], path: "/bin" };
const LAUNCH = { id: "20261122-213000-aaaa", action: "switch", ...CALLED };
const DUE = new Date("2026-11-22T21:30:00Z");
const AT = { due: DUE, at: DUE, uptime: 60 };

const OF_PROGRAM: readonly (readonly [string, commands.Argv, Row])[] = [
  [
    "schedule",
    commands.armTimer({ ...LAUNCH, fireAt: AT, replaces: [] }),
    { endsWith: RUN, ...DEFAULTS },
  ],
  ["resume", commands.launch(LAUNCH, "after-basic"), { endsWith: RUN, ...DEFAULTS }],
  ["resume, early", commands.launch(LAUNCH, "early"), { endsWith: RUN, ...EARLY }],
  // Before basic.target nothing is delivered.
  [
    "deliver",
    commands.deliver({ ...CALLED, unit: "deploy-finalize-deliver-1", sandbox: null }),
    { endsWith: "2 203 226", ...DEFAULTS },
  ],
  [
    "release a slot",
    commands.releaseLostSlot(CALLED, "after-basic"),
    { endsWith: "2 203 226", ...DEFAULTS },
  ],
  [
    "release a slot, early",
    commands.releaseLostSlot(CALLED, "early"),
    { endsWith: "2 203 226", ...EARLY },
  ],
];

/** What a unit says, by the names of its settings; a list has its words apart. */
type Settings = ReadonlyMap<string, string>;

function rowOf(settings: Settings): Row {
  const isRestarted = settings.get("Restart") === "on-failure";
  const isEarly = /^(no|false)$/.test(settings.get("DefaultDependencies") ?? "");
  const after = settings.get("After");
  return {
    endsWith: isRestarted ? (settings.get("RestartPreventExitStatus") ?? "") : null,
    starts: isEarly ? "early" : "after-basic",
    survivesIsolate: /^(yes|true)$/.test(settings.get("IgnoreOnIsolate") ?? ""),
    ...(after !== undefined && { after }),
  };
}

/** What holds for every unit. */
function judge(name: string, settings: Settings): void {
  const isOneshot = settings.get("Type") === "oneshot";
  if (settings.get("Restart") === "on-failure" && isOneshot) {
    const forced = settings.get("RestartForceExitStatus");
    assert.equal(forced, undefined, `${name}: refused before systemd 256, and not needed`);
  } else if (settings.get("Restart") === "on-failure") {
    const signals = settings.get("RestartForceExitStatus") ?? "";
    assert.match(signals, /\bSIGTERM\b/, `${name}: a death by SIGTERM has to start it again`);
  }
  if (settings.get("Restart") === "on-failure") {
    const limit = settings.get("StartLimitIntervalSec");
    assert.equal(limit, "0", `${name}: no limit ends the restarts`);
  }
  if (rowOf(settings).starts === "early") {
    for (const end of ["Conflicts", "Before"]) {
      const units = settings.get(end)?.split(" ") ?? [];
      assert.ok(units.includes("shutdown.target"), `${name}: a shutdown has to end it`);
    }
  }
}

function settingsIn(argv: commands.Argv): Settings {
  const options = argv.flatMap((word) => /^--property=(\w+)=(.*)$/.exec(word)?.slice(1) ?? []);
  return new Map(
    Array.from({ length: options.length / 2 }, (_, i) => [
      options[2 * i] ?? "",
      options[2 * i + 1] ?? "",
    ]),
  );
}

test("each unit that the program makes is started again, and starts where it is needed", () => {
  for (const [name, argv, row] of OF_PROGRAM) {
    const settings = settingsIn(argv);
    assert.deepEqual([name, rowOf(settings)], [name, row]);
    judge(name, settings);
  }
  // A timer for a service that is there already; the other two make the units above.
  const text = readFileSync(join(repository, "src/host/systemd/commands.ts"), "utf8");
  assert.equal(text.split('"systemd-run"').length - 1, 3, "the table names every unit");
});

test("each timer that the program makes survives rescue mode, and leaves nothing behind", () => {
  const [, scheduled = []] = OF_PROGRAM[0] ?? [];
  for (const argv of [scheduled, commands.rearmTimer({ id: LAUNCH.id, at: AT })]) {
    assert.ok(argv.includes("--timer-property=IgnoreOnIsolate=yes"));
    assert.ok(argv.includes("--timer-property=RemainAfterElapse=no"));
  }
});

const sections = v.record(v.string(), v.unknown());

function settingsOf(unit: unknown): Settings {
  const { after, before, conflicts, unitConfig, serviceConfig } = v.parse(
    v.object({
      after: v.optional(v.array(v.string()), []),
      before: v.array(v.string()),
      conflicts: v.array(v.string()),
      unitConfig: sections,
      serviceConfig: v.optional(sections, {}),
    }),
    unit,
  );
  const lists = { After: after, Before: before, Conflicts: conflicts };
  const all = Object.entries({ ...lists, ...unitConfig, ...serviceConfig });
  const texts = all.map(([key, value]) => [key, [value].flat().join(" ")] as const);
  return new Map(texts.filter(([, text]) => text !== ""));
}

nixTest("each unit of the module is started again, and starts where it is needed", async (nix) => {
  const view = v.parse(viewSchema, await nix.evaluate(hostView(enabled(""))));
  const found = new Map([
    ...Object.entries(view.units).map(
      ([name, unit]) => [`${name}.service`, settingsOf(unit)] as const,
    ),
    ...Object.entries(view.timers).map(
      ([name, unit]) => [`${name}.timer`, settingsOf(unit)] as const,
    ),
  ]);
  const rows = [...found].map(([name, settings]) => [name, rowOf(settings)] as const);
  assert.deepEqual(Object.fromEntries(rows), OF_MODULE);
  for (const [name, settings] of found) judge(name, settings);
});
