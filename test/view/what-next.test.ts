import assert from "node:assert/strict";
import { test } from "node:test";
import type { FinalizationRecord } from "../../src/core/record/record.ts";
import type { HostNow } from "../../src/explain/host-now.ts";
import { type WhatNext, whatNext } from "../../src/view/what-next.ts";
import { LOADER, NEW, OLD, statusOf, through } from "./samples.ts";
import type { ViewedFinalization } from "../../src/view/hints.ts";

interface Case {
  readonly record?: Partial<FinalizationRecord>;
  readonly host?: Partial<HostNow>;
  readonly place?: ViewedFinalization["place"];
}

const TARGET_RUNS: HostNow = {
  booted: OLD,
  current: NEW,
  profile: NEW,
  rebootRequired: null,
  bootLoader: LOADER,
};

function outlookOf(name: string, { record, host, place = "newest" }: Case = {}): WhatNext {
  const { finalization } = statusOf(name, { place });
  assert.ok(finalization.kind === "known");
  const seen = { ...finalization, record: { ...finalization.record, ...record } };
  return whatNext(seen, { ...TARGET_RUNS, ...host });
}

function offers(seen: WhatNext, command: string): string[] {
  return seen.hints.flatMap((hint) => (hint.command.startsWith(command) ? [hint.command] : []));
}

test("rollback is offered where the command would go back", () => {
  assert.deepEqual(offers(outlookOf("live"), "rollback"), ["rollback"]);
  assert.deepEqual(offers(outlookOf("verifying"), "rollback"), ["rollback"]);
  const { finalization } = statusOf("verifying");
  assert.ok(finalization.kind === "known");
  const record = through(finalization.record, ["21:33:42", "failed", "web: answered 502"]);
  assert.deepEqual(offers(outlookOf("failed", { record }), "rollback"), ["rollback"]);
});

test("rollback of an older one is offered by its id", () => {
  assert.deepEqual(offers(outlookOf("live", { place: "older" }), "rollback"), [
    "rollback 20261122-213000-k3f9",
  ]);
});

test("rollback is not offered where there is nothing to go back to", () => {
  const { toplevel: target } = NEW;
  assert.ok(target !== null);
  for (const record of [{ previous: null }, { previous: target }]) {
    assert.deepEqual(offers(outlookOf("live", { record }), "rollback"), []);
    assert.deepEqual(offers(outlookOf("verifying", { record }), "rollback"), []);
  }
});

test("rollback is not offered where another system runs, or after a rollback", () => {
  assert.deepEqual(offers(outlookOf("live", { host: { current: OLD } }), "rollback"), []);
  assert.deepEqual(offers(outlookOf("failed", { host: { current: OLD } }), "rollback"), []);
  const record = { rollbackOf: "20261122-212900-aaaa" };
  assert.deepEqual(offers(outlookOf("live", { record }), "rollback"), []);
  assert.deepEqual(offers(outlookOf("verifying", { record }), "rollback"), []);
});

test("after a cancel the boot default is told of only while it is the target", () => {
  const left = outlookOf("cancelled", { host: { current: OLD } });
  assert.match(left.next ?? "", /the boot default is still generation 42/);
  assert.deepEqual(offers(left, "cancel"), ["cancel --restore-boot-default"]);
  const unknown = outlookOf("cancelled", { host: { current: OLD }, record: { previous: null } });
  assert.match(unknown.next ?? "", /the boot default is still/);
  assert.deepEqual(offers(unknown, "cancel"), [], "there is nothing to set it back to");
  // Somebody has set back the profile only.
  const bootLoader = { ...LOADER, byDefault: NEW.toplevel };
  const boots = outlookOf("cancelled", { host: { current: OLD, profile: OLD, bootLoader } });
  assert.match(boots.next ?? "", /the boot default is still generation 42/);
  assert.deepEqual(offers(boots, "cancel"), ["cancel --restore-boot-default"]);
  const profile = { ...NEW, toplevel: "/nix/store/third" };
  const third = outlookOf("cancelled", { host: { current: OLD, profile, bootLoader } });
  assert.match(third.next ?? "", /the boot default is still generation 42/);
  assert.deepEqual(offers(third, "cancel"), [], "the profile is that of somebody else");
  const others: Case[] = [
    { host: { current: OLD, profile: OLD } },
    { host: { current: OLD, bootLoader: { ...LOADER, byDefault: OLD.toplevel } } },
    // Booted, or made live by hand: nothing waits for the next boot.
    { host: { current: NEW } },
    // The newest one answers for the boot default.
    { host: { current: OLD }, place: "older" },
  ];
  for (const other of others) {
    const seen = outlookOf("cancelled", other);
    assert.deepEqual([seen.next, offers(seen, "cancel")], [null, []]);
  }
});
