import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../support/fast-check.ts";
import {
  confirm,
  groupByUnit,
  MOST_UNITS,
  type Suspect,
  suspectsAmong,
} from "../../src/core/old-code/judge.ts";
import { placeOf } from "../../src/core/old-code/places.ts";
import {
  argumentsOf,
  mappedCode,
  type ProcessSeen,
  scriptOf,
  storePathOf,
} from "../../src/core/old-code/processes.ts";
import { whyNotRestarted } from "../../src/core/old-code/unit-settings.ts";

const hash = (letter: string): string => letter.repeat(32);
const OLD = `/nix/store/${hash("a")}-openssl-3.0.1`;
const NEW = `/nix/store/${hash("b")}-openssl-3.0.2`;
const FOREIGN = `/nix/store/${hash("c")}-hello-2.12`;

function aProcess(changes: Partial<ProcessSeen> = {}): ProcessSeen {
  const groups = "0::/system.slice/web.service\n";
  return { id: 7, userId: 0, groups, program: `${OLD}/bin/openssl`, ...changes };
}

const WORDS = {
  userName: (userId: number) => `u${userId}`,
  whyNotRestarted: (unit: string) => `because of ${unit}`,
};

test("a process belongs to its unit, its user, or its container", () => {
  const cases: readonly (readonly [string, unknown])[] = [
    ["0::/init.scope\n", { kind: "unit", unit: "init.scope" }],
    ["0::/system.slice/web.service\n", { kind: "unit", unit: "web.service" }],
    ["0::/system.slice/web.service/workers/1\n", { kind: "unit", unit: "web.service" }],
    [
      "0::/system.slice/system-getty.slice/getty@tty1.service",
      { kind: "unit", unit: "getty@tty1.service" },
    ],
    [
      "12:pids:/x\n1:name=systemd:/system.slice/web.service\n0::/\n",
      { kind: "unit", unit: "web.service" },
    ],
    [
      "9:name=systemd:/\n8:pids:/\n0::/system.slice/web.service\n",
      { kind: "unit", unit: "web.service" },
    ],
    ["0::/user.slice/user-1000.slice/session-3.scope\n", { kind: "user", userId: 1000 }],
    [
      "0::/user.slice/user-1000.slice/user@1000.service/app.slice/foo.service\n",
      { kind: "user", userId: 1000 },
    ],
    [
      "0::/system.slice/container@db.service/payload/system.slice/pg.service\n",
      { kind: "container", unit: "container@db.service" },
    ],
    [
      "0::/system.slice/container@db.service/supervisor\n",
      { kind: "unit", unit: "container@db.service" },
    ],
    [
      "0::/machine.slice/libpod-1234.scope/container\n",
      { kind: "container", unit: "libpod-1234.scope" },
    ],
    ["0::/\n", { kind: "none" }],
    ["", { kind: "none" }],
    ["0::/a b.service\n", { kind: "none" }],
    [`0::/${"x".repeat(300)}.service\n`, { kind: "none" }],
  ];
  for (const [groups, place] of cases) assert.deepEqual(placeOf(groups), place, groups);
});

test("the store path of a file is its hash and its name, whatever stands behind it", () => {
  assert.equal(storePathOf(`${OLD}/bin/openssl`), OLD);
  assert.equal(storePathOf(`${OLD}/lib/a b\\012c.so (deleted)`), OLD);
  assert.equal(storePathOf(`${OLD} (deleted)`), OLD);
  for (const other of ["/usr/bin/x", "/nix/store", "/nix/store/short-x/bin/x", `x${OLD}`, ""]) {
    assert.equal(storePathOf(other), null, other);
  }
});

function line(permissions: string, file: string): string {
  return `/proc/12/maps:7f0000000000-7f0000001000 ${permissions} 00000000 fe:01 1234    ${file}`;
}

test("only executable mappings of files in the store count", () => {
  const text = [
    line("r-xp", `${OLD}/lib/libssl.so.3`),
    line("r-xp", `${NEW}/lib/libssl.so.3 (deleted)`),
    line("r--p", `${FOREIGN}/share/locale-archive`),
    line("r-xp", "/usr/lib/libc.so.6"),
    line("r-xp", `[anon:${FOREIGN}/x]`),
    "",
  ].join("\n");
  assert.deepEqual(mappedCode(text), new Map([[12, new Set([OLD, NEW])]]));
});

test("the script of an interpreter is its first argument that is no option", () => {
  const text = `/proc/12/cmdline:1:python3\0/proc/12/cmdline:2:-u\0/proc/12/cmdline:3:${OLD}/bin/app\0`;
  assert.deepEqual(argumentsOf(text), new Map([[12, ["python3", "-u", `${OLD}/bin/app`]]]));
  const script = ["x", "-u", `${OLD}/bin/app`];
  for (const program of ["python3.12", "bash", "node", ".perl5.40-wrapped", "ruby"]) {
    assert.equal(scriptOf(`${NEW}/bin/${program}`, script), OLD, program);
  }
  // What another program is given is no code of it.
  assert.equal(scriptOf(`${NEW}/bin/less`, script), null);
  assert.equal(scriptOf(`${NEW}/bin/bash`, ["bash", "/root/x", `${OLD}/bin/app`]), null);
  assert.equal(scriptOf(`${NEW}/bin/bash`, []), null);
});

test("a process is suspected if it runs code from outside the closure", () => {
  const closure = new Set([NEW]);
  const codeOf = (): string[] => [OLD, NEW];
  assert.deepEqual(suspectsAmong([aProcess()], codeOf, closure), [
    { id: 7, place: { kind: "unit", unit: "web.service" }, paths: [OLD] },
  ]);
  assert.deepEqual(
    suspectsAmong([aProcess()], () => [NEW], closure),
    [],
  );
  const ours = aProcess({
    groups: "0::/system.slice/deploy-finalize-20261122-213000-aaaa.service",
  });
  const daemon = "0::/system.slice/nix-daemon.service";
  const build = aProcess({ groups: daemon, userId: 30_001 });
  assert.deepEqual(suspectsAmong([ours, build], codeOf, closure), []);
  assert.equal(suspectsAmong([aProcess({ groups: daemon })], codeOf, closure).length, 1);
});

test("code is old if an earlier system had it, or if it is the main process of a service", () => {
  const place = { kind: "unit", unit: "web.service" } as const;
  const suspect = (paths: string[]): Suspect => ({ id: 7, place, paths });
  const earlier = new Set([OLD]);
  const none = new Set<number>();
  const old = confirm([suspect([OLD, FOREIGN])], { earlier, mainProcesses: none });
  assert.deepEqual(old, [suspect([OLD])]);
  const shell = confirm([suspect([FOREIGN])], { earlier, mainProcesses: none });
  assert.deepEqual(shell, []);
  const main = confirm([suspect([FOREIGN])], { earlier, mainProcesses: new Set([7]) });
  assert.deepEqual(main, [suspect([FOREIGN])]);
});

test("the list names each unit once, with the reason and a few paths, and is bounded", () => {
  const of = (id: number, groups: string): Suspect => ({
    id,
    place: placeOf(groups),
    paths: [OLD],
  });
  const found = [
    of(1, "0::/system.slice/web.service"),
    of(2, "0::/system.slice/web.service/worker"),
    of(3, "0::/user.slice/user-1000.slice/session-1.scope"),
    of(4, "0::/machine.slice/libpod-1.scope"),
    of(5, "0::/"),
  ];
  const seen = groupByUnit(found, WORDS);
  assert.ok(seen.kind === "known");
  assert.deepEqual(
    seen.units.map(({ unit, why, processes }) => [unit, why, processes]),
    [
      ["libpod-1.scope", "the processes of a container are not restarted", 1],
      ["no unit", "the processes belong to no unit", 1],
      ["user session of u1000", "the processes of a user session are not restarted", 1],
      ["web.service", "because of web.service", 2],
    ],
  );
  assert.deepEqual(seen.units[3]?.paths, [OLD]);
  const many = Array.from({ length: 70 }, (_, n) => of(n, `0::/system.slice/u${n}.service`));
  const bounded = groupByUnit(many, WORDS);
  assert.ok(bounded.kind === "known");
  assert.deepEqual([bounded.units.length, bounded.more], [MOST_UNITS, 20]);
});

function aUnit(setting: string): string[] {
  return [`[Unit]\nDescription=x\n[Service]\n${setting}\n`];
}

test("why a unit was not restarted, by the rules of switch-to-configuration", () => {
  const cases: readonly (readonly [string[] | null, string[] | null, string])[] = [
    [null, aUnit("X-RestartIfChanged=false"), "restartIfChanged = false"],
    [
      null,
      aUnit("X-ReloadIfChanged=true"),
      "reloadIfChanged = true: it is reloaded, not restarted",
    ],
    [
      null,
      [...aUnit("ExecStart=x"), "[Unit]\nRefuseManualStop = yes\n"],
      "RefuseManualStop = true",
    ],
    [null, ["[Unit]\nX-OnlyManualStart=1\n"], "X-OnlyManualStart = true"],
    [aUnit("ExecStart=x"), aUnit("ExecStart=x"), "its unit file is the same"],
    [aUnit("ExecStart=x"), aUnit("ExecStart=y"), "unknown"],
    [null, aUnit("ExecStart=x"), "unknown"],
    // switch-to-configuration reads it in [Service] only.
    [null, ["[Unit]\nX-RestartIfChanged=false\n"], "unknown"],
    // The last value counts.
    [null, aUnit("X-RestartIfChanged=false\nX-RestartIfChanged=true"), "unknown"],
    [aUnit("ExecStart=x"), null, "the running system has no such unit"],
  ];
  for (const [before, now, why] of cases) assert.equal(whyNotRestarted(before, now), why);
});

const anyText = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes).toString("latin1")),
  fc
    .array(
      fc.constantFrom(
        "/proc/1/maps:",
        "0-1 r-xp 0 0:0 1 ",
        OLD,
        "\n",
        "\0",
        "0::/",
        ".service",
        "\u001B[31m",
        "/proc/1/cmdline:2:",
      ),
    )
    .map((pieces) => pieces.join("")),
);

test("property: any content of /proc gives a list that is safe to print, and never throws", () => {
  const input = fc.record({
    maps: anyText,
    words: anyText,
    groups: anyText,
    program: fc.option(anyText, { nil: null }),
  });
  fc.assert(
    fc.property(input, ({ maps, words, groups, program }) => {
      const seen = aProcess({ id: 1, groups, program });
      const mapped = [...(mappedCode(maps).get(1) ?? [])];
      const script = scriptOf(program ?? "", argumentsOf(words).get(1) ?? []);
      const own = program === null ? null : storePathOf(program);
      const codeOf = () => [...mapped, script, own].filter((path) => path !== null);
      const suspects = suspectsAmong([seen], codeOf, new Set([NEW]));
      const evidence = { earlier: new Set([OLD]), mainProcesses: new Set([1]) };
      const list = groupByUnit(confirm(suspects, evidence), WORDS);
      assert.ok(list.kind === "known");
      for (const { unit, paths } of list.units) {
        for (const text of [unit, ...paths]) assert.match(text, /^[\x20-\x7E]{1,255}$/);
      }
      assert.equal(typeof whyNotRestarted([groups], [maps, words]), "string");
    }),
    { numRuns: 2000 },
  );
});
