import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../../support/fast-check.ts";
import {
  actionToAwait,
  decide,
  underPolicy,
  DEFAULT_REBOOT_WHEN_CHANGED,
} from "../../../src/core/decision/decision.ts";
import type { Component, Inhibitors, SystemView } from "../../../src/core/decision/toplevel.ts";
import { at, KERNEL_PARTS, system } from "../../support/systems.ts";

const NAMES = [...DEFAULT_REBOOT_WHEN_CHANGED];
const MISSING: Component = { kind: "missing" };
const DANGLING: Component = { kind: "dangling", link: "/gone" };

function parts(changes: Record<string, Component>): Partial<SystemView> {
  return { components: { ...KERNEL_PARTS, ...changes } };
}

function inhibitors(values: Record<string, string>): Partial<SystemView> {
  return { inhibitors: { kind: "present", values } };
}

const UNREADABLE: Inhibitors = { kind: "unreadable", why: "not a JSON object" };

interface Row {
  readonly name: string;
  readonly names?: string[];
  readonly booted?: Partial<SystemView>;
  readonly current?: Partial<SystemView>;
  readonly target?: Partial<SystemView>;
  readonly expect: string;
}

const rows: Row[] = [
  { name: "nothing changed", expect: "switch: services only" },
  {
    name: "the target is current already",
    target: { toplevel: "/nix/store/current" },
    expect: "switch: services only, already current",
  },
  {
    name: "rule 1: kernel missing",
    target: parts({ kernel: MISSING }),
    expect: "refuse: kernel",
  },
  {
    name: "rule 1: several missing or dangling, in the configured order",
    target: parts({ "kernel-modules": DANGLING, initrd: MISSING }),
    expect: "refuse: initrd,kernel-modules",
  },
  {
    name: "rule 1 comes before rule 2",
    booted: parts({ kernel: MISSING }),
    target: parts({ initrd: DANGLING }),
    expect: "refuse: initrd",
  },
  {
    name: "rule 1: a name that is not compared may be missing",
    names: ["kernel"],
    target: parts({ initrd: MISSING }),
    expect: "switch: services only",
  },
  {
    name: "rule 1: no names, as in a container",
    names: [],
    booted: { components: {} },
    target: { components: {} },
    expect: "switch: services only",
  },
  {
    name: "rule 2: booted lacks one",
    booted: parts({ initrd: MISSING }),
    expect: "reboot: /run/booted-system incomplete,initrd changed",
  },
  {
    name: "rule 2: booted has one that dangles",
    booted: parts({ "kernel-modules": DANGLING }),
    expect: "reboot: /run/booted-system incomplete,kernel-modules changed",
  },
  {
    name: "rule 2: nothing is known of the booted system",
    booted: { toplevel: null, components: {} },
    expect: "reboot: /run/booted-system incomplete,kernel,initrd,kernel-modules changed",
  },
  {
    name: "rule 2: booted lacks one, and others changed, in the configured order",
    names: ["firmware", "initrd", "kernel"],
    booted: parts({ kernel: MISSING }),
    target: parts({ firmware: at("/f"), initrd: at("/i2") }),
    expect: "reboot: /run/booted-system incomplete,firmware,initrd,kernel changed",
  },
  {
    name: "rule 3: kernel changed",
    target: parts({ kernel: at("/nix/store/k2/bzImage") }),
    expect: "reboot: kernel changed",
  },
  {
    name: "rule 3: initrd changed",
    target: parts({ initrd: at("/nix/store/i2/initrd") }),
    expect: "reboot: initrd changed",
  },
  {
    name: "rule 3: all changed, in the default order",
    target: parts({ "kernel-modules": at("/m2"), initrd: at("/i2"), kernel: at("/k2") }),
    expect: "reboot: kernel,initrd,kernel-modules changed",
  },
  {
    name: "rule 3: the configured order counts",
    names: ["initrd", "kernel"],
    target: parts({ initrd: at("/i2"), kernel: at("/k2") }),
    expect: "reboot: initrd,kernel changed",
  },
  {
    name: "rule 3: a further name with spaces, by content",
    names: [...NAMES, "kernel params"],
    booted: parts({ "kernel params": { kind: "file", path: "/a", sha256: "1" } }),
    target: parts({ "kernel params": { kind: "file", path: "/b", sha256: "2" } }),
    expect: "reboot: kernel params changed",
  },
  {
    name: "rule 3: files of equal content are equal wherever they lie",
    names: [...NAMES, "kernel-params"],
    booted: parts({ "kernel-params": { kind: "file", path: "/a", sha256: "1" } }),
    target: parts({ "kernel-params": { kind: "file", path: "/b", sha256: "1" } }),
    expect: "switch: services only",
  },
  {
    name: "rule 3: a further name that only the target has",
    names: [...NAMES, "firmware"],
    target: parts({ firmware: at("/f") }),
    expect: "reboot: firmware changed",
  },
  {
    name: "rule 3: a further name that neither has",
    names: [...NAMES, "firmware"],
    expect: "switch: services only",
  },
  {
    name: "rule 3: a link became a file",
    names: [...NAMES, "firmware"],
    booted: parts({ firmware: at("/f") }),
    target: parts({ firmware: { kind: "file", path: "/f", sha256: "1" } }),
    expect: "reboot: firmware changed",
  },
  {
    name: "rule 4: another init interface",
    target: { initInterfaceVersion: "3" },
    expect: "reboot: init-interface-version changed (2 to 3)",
  },
  {
    name: "rule 4: the init interface is compared with current, not with booted",
    booted: { initInterfaceVersion: "1" },
    expect: "switch: services only",
  },
  {
    name: "rule 4: an inhibitor differs",
    current: inhibitors({ dbus: "dbus-daemon", a: "1" }),
    target: inhibitors({ dbus: "broker", a: "1" }),
    expect: "reboot: switch inhibitor changed: dbus",
  },
  {
    name: "rule 4: inhibitors that only one side has do not count",
    current: inhibitors({ old: "1", same: "x" }),
    target: inhibitors({ same: "x", new: "1" }),
    expect: "switch: services only",
  },
  {
    name: "rule 4: inhibitors on one side only",
    target: inhibitors({ dbus: "broker" }),
    expect: "switch: services only",
  },
  {
    name: "rule 4: unreadable inhibitors fail closed",
    target: { inhibitors: UNREADABLE },
    expect: "reboot: switch inhibitor changed: unreadable file",
  },
  {
    name: "rule 4: an inhibitor that is named like an object's own method",
    current: inhibitors({ a: "1" }),
    target: inhibitors({ constructor: "x" }),
    expect: "switch: services only",
  },
  {
    name: "rule 3 comes before rule 4",
    target: { ...parts({ kernel: at("/k2") }), initInterfaceVersion: "3" },
    expect: "reboot: kernel changed",
  },
];

for (const row of rows) {
  test(`decision: ${row.name}`, () => {
    const decision = decide(row.names ?? NAMES, {
      booted: system("/nix/store/booted", row.booted),
      current: system("/nix/store/current", row.current),
      target: system("/nix/store/target", row.target),
    });
    const said =
      decision.action === "refuse"
        ? `refuse: ${decision.missing.join(",")}`
        : `${decision.action}: ${decision.reason}`;
    assert.equal(said, row.expect);
  });
}

const component = fc.oneof(
  fc.constant(MISSING),
  fc.constant(DANGLING),
  fc.constantFrom("/a", "/b").map(at),
  fc.constantFrom("1", "2").map((sha256): Component => ({ kind: "file", path: "/f", sha256 })),
);
const anySystem = fc.record({
  toplevel: fc.constantFrom(null, "/nix/store/x", "/nix/store/y"),
  components: fc.record({ kernel: component, initrd: component, "kernel-modules": component }),
  initInterfaceVersion: fc.constantFrom(null, "2", "3"),
  inhibitors: fc.constant<Inhibitors>({ kind: "absent" }),
});

function has(view: SystemView, name: string): boolean {
  return ["path", "file"].includes(view.components[name]?.kind ?? "missing");
}

test("decision: for every mix, refused exactly when the target lacks a part, rebooted when a part differs", () => {
  fc.assert(
    fc.property(anySystem, anySystem, anySystem, (booted, current, target) => {
      const decision = decide(NAMES, { booted, current, target });
      const whole = NAMES.every((name) => has(target, name));
      assert.equal(decision.action === "refuse", !whole);
      const differs = NAMES.some(
        (name) =>
          !has(booted, name) ||
          JSON.stringify(booted.components[name]) !== JSON.stringify(target.components[name]),
      );
      if (whole && differs) assert.equal(decision.action, "reboot");
    }),
  );
});

test("decision: what an incomplete booted system lacks has changed, and is left if no reboot is allowed", () => {
  const decision = decide(NAMES, {
    booted: system("/nix/store/booted", parts({ initrd: MISSING })),
    current: system("/nix/store/current"),
    target: system("/nix/store/target"),
  });
  assert.deepEqual(underPolicy(decision, "forbidden"), {
    action: "switch",
    reason: "/run/booted-system incomplete,initrd changed, but no reboot is allowed",
    changed: ["initrd"],
  });
});

const KERNEL = { action: "reboot", reason: "kernel changed", changed: ["kernel"] } as const;
const INTERFACE = { action: "reboot", reason: "init interface", changed: [] } as const;
const LACKING = { action: "refuse", missing: ["kernel"] } as const;
const SERVICES = { action: "switch", reason: "services only", changed: [] } as const;

test("decision: where no reboot is allowed, what can be switched to is, and the rest stays", () => {
  assert.deepEqual(underPolicy(KERNEL, "allowed"), KERNEL);
  assert.deepEqual(underPolicy(KERNEL, "forbidden"), {
    action: "switch",
    reason: "kernel changed, but no reboot is allowed",
    changed: ["kernel"],
  });
  for (const decision of [SERVICES, LACKING])
    assert.deepEqual(underPolicy(decision, "forbidden"), decision);
});

test("decision: a reboot that nothing but a reboot settles is forbidden where none is allowed", () => {
  assert.deepEqual(underPolicy(INTERFACE, "allowed"), INTERFACE);
  assert.deepEqual(underPolicy(INTERFACE, "forbidden"), { action: "forbidden", plan: INTERFACE });
});

test("decision: gates of a reboot are waited for only if a reboot is what would be done", () => {
  const expected = [
    [SERVICES, KERNEL, "switch", "switch"],
    [KERNEL, SERVICES, "reboot", "switch"],
    [INTERFACE, SERVICES, "reboot", "switch"],
    [LACKING, SERVICES, "switch", "switch"],
    [LACKING, KERNEL, "reboot", "switch"],
    [LACKING, INTERFACE, "reboot", "switch"],
  ] as const;
  for (const [decision, planned, allowed, forbidden] of expected) {
    assert.equal(actionToAwait(decision, "allowed", planned), allowed);
    assert.equal(actionToAwait(decision, "forbidden", planned), forbidden);
  }
});
