import assert from "node:assert/strict";
import { test } from "node:test";
import { readingAt } from "../../src/core/record/clock.ts";
import type { LockConfig } from "../../src/core/config/lock-config.ts";
import {
  type Claim,
  giveSlotBack,
  letSlotGo,
  renewSlot,
  settleSlot,
  type SlotPorts,
  takeSlot,
} from "../../src/fleet/slot-keeping.ts";
import type { Slot } from "../../src/core/record/slot.ts";
import { etcdConfig, fleetLockConfig } from "./configs.ts";

const LOCK = fleetLockConfig("http://lock.example");
const [FIRST, SECOND] = ["20261122-213000-aaaa", "20261122-220000-bbbb"];
const HOST = { id: "a1", host: "web1" };

const SELF = { host: HOST.host, finalizations: [SECOND] };

/** A lock server and a disk as the slot's keeping sees them, with all that happened in its order. */
class Place {
  slot: Slot | null = null;
  readonly happened: string[] = [];
  readonly claims: Claim[] = [];
  /** What it said is its own when it gave back. */
  readonly own: unknown[] = [];
  ended = new Set<string>();
  /** The finalizations whose end keeps the slot, by their records. */
  readonly keeping = new Map<string, string>();
  answers = true;
  lease: "renewed" | "gone" = "renewed";

  readonly ports: SlotPorts = {
    clock: () => readingAt("2026-11-22T21:31:00.000Z"),
    read: () => this.slot,
    write: (slot) => {
      this.happened.push(`writes ${slot.state}`);
      this.slot = slot;
    },
    remove: () => {
      this.happened.push("removes");
      this.slot = null;
    },
    standing: async (id) =>
      this.ended.has(id)
        ? { kind: "ended", keepsBecause: this.keeping.get(id) ?? null }
        : { kind: "unfinished" },
    server: (lock) => this.#server(lock),
    self: () => SELF,
  };

  #server(lock: LockConfig): ReturnType<SlotPorts["server"]> {
    const where = lock.backend === "etcd" ? "etcd" : lock.url;
    const silent = { kind: "unknown", why: "no answer" } as const;
    return {
      take: async (claim) => {
        this.happened.push(`asks ${where}`);
        this.claims.push(claim);
        return this.answers ? { kind: "held" } : silent;
      },
      giveBack: async (_holder, self) => {
        this.own.push(self);
        this.happened.push(`gives back to ${where}`);
        return this.answers ? { kind: "given-back" } : silent;
      },
      newLease: async () => ({ kind: "lease", id: "77" }),
      renew: async () => ({ kind: this.lease }),
      look: async () => silent,
    };
  }

  take = async (id: string, lock: LockConfig = LOCK) => await takeSlot(this.ports, lock, id, HOST);
}

test("slot: that it may be held is on disk before it is asked for, and until it is back", async () => {
  const place = new Place();
  await place.take(FIRST);
  await giveSlotBack(place.ports);
  assert.deepEqual(place.happened, [
    "writes asked",
    "asks http://lock.example",
    "writes held",
    "writes giving-back",
    "gives back to http://lock.example",
    "removes",
  ]);
});

test("slot: asked for again, nothing is written anew, and it is the same taking", async () => {
  const place = new Place();
  await place.take(FIRST);
  place.happened.length = 0;
  await place.take(FIRST);
  assert.deepEqual(place.happened, ["asks http://lock.example"]);
  assert.deepEqual(
    place.claims.map(({ token }) => token),
    [`${FIRST}#1`, `${FIRST}#1`],
  );
});

test("slot: what was given back without an answer is another taking the next time", async () => {
  const place = new Place();
  await place.take(FIRST);
  place.answers = false;
  assert.equal((await letSlotGo(place.ports, FIRST)).kind, "unknown");
  place.answers = true;
  await place.take(FIRST);
  assert.deepEqual(
    place.claims.map(({ token }) => token),
    [`${FIRST}#1`, `${FIRST}#2`],
  );
});

test("slot: without an answer it may be held, and goes back at the end", async () => {
  const place = new Place();
  place.answers = false;
  assert.equal((await place.take(FIRST)).kind, "unknown");
  assert.equal(place.slot?.state, "asked");
  assert.equal((await settleSlot(place.ports, FIRST, "give-back-own", "x")).kind, "unknown");
  place.answers = true;
  assert.equal((await settleSlot(place.ports, FIRST, "give-back-own", "x")).kind, "given-back");
  assert.equal(place.slot, null);
});

test("slot: kept by a failure, only a finalization that holds gives it back", async () => {
  const place = new Place();
  await place.take(FIRST);
  await settleSlot(place.ports, FIRST, "keep", "it did not boot");
  place.ended.add(FIRST);
  await settleSlot(place.ports, SECOND, "give-back-own", "cancelled");
  assert.equal(place.slot?.keptBecause, "it did not boot");
  await place.take(SECOND);
  await letSlotGo(place.ports, SECOND);
  assert.equal(place.slot?.keptBecause, "it did not boot");
  await settleSlot(place.ports, SECOND, "give-back", "live");
  assert.equal(place.slot, null);
});

for (const next of ["ends", "takes it and lets it go"] as const) {
  test(`slot: kept by the record of an end that has not noted it, a failure that ${next} does not give it back`, async () => {
    const place = new Place();
    await place.take(FIRST);
    place.ended.add(FIRST);
    place.keeping.set(FIRST, "its check failed");
    if (next === "takes it and lets it go") {
      await place.take(SECOND);
      await letSlotGo(place.ports, SECOND);
    }
    await settleSlot(place.ports, SECOND, "give-back-own", "cancelled");
    assert.equal(place.slot?.keptBecause, "its check failed");
    // The end of the first one is taken up only now.
    await settleSlot(place.ports, FIRST, "keep", "its check failed");
    assert.equal(place.slot?.keptBecause, "its check failed");
    await settleSlot(place.ports, SECOND, "give-back", "live");
    assert.equal(place.slot, null);
  });
}

test("slot: one that an unfinished finalization needs is left alone", async () => {
  const place = new Place();
  await place.take(FIRST);
  await settleSlot(place.ports, SECOND, "give-back", "live");
  await letSlotGo(place.ports, SECOND);
  assert.equal(place.slot?.state, "held");
});

test("slot: one of a finalization that ended without tidying up goes back with the next", async () => {
  const place = new Place();
  await place.take(FIRST);
  place.ended.add(FIRST);
  await settleSlot(place.ports, SECOND, "give-back-own", "superseded");
  assert.equal(place.slot, null);
  // Also with one that rolled back a switch, which has no slot of its own to keep.
  await place.take(FIRST);
  await settleSlot(place.ports, SECOND, "keep", "it was rolled back");
  assert.equal(place.slot, null);
});

test("slot: another lock is asked only when the slot of the former one is back", async () => {
  const place = new Place();
  const other = fleetLockConfig("http://other.example");
  await place.take(FIRST);
  place.answers = false;
  const waiting = await place.take(SECOND, other);
  assert.ok(waiting.kind === "unknown");
  assert.match(waiting.why, /cannot give back the slot of the former lock: no answer/);
  place.answers = true;
  assert.equal((await place.take(SECOND, other)).kind, "held");
  assert.deepEqual(place.happened.slice(-4), [
    "removes",
    "writes asked",
    "asks http://other.example",
    "writes held",
  ]);
});

test("slot: a host whose name has changed gives back by the old one before it asks by the new", async () => {
  const place = new Place();
  await place.take(FIRST);
  await takeSlot(place.ports, LOCK, SECOND, { ...HOST, id: "b2" });
  assert.deepEqual(place.happened.slice(3), [
    "writes giving-back",
    "gives back to http://lock.example",
    "removes",
    "writes asked",
    "asks http://lock.example",
    "writes held",
  ]);
  assert.equal(place.slot?.holder, "b2");
});

test("slot: a lease is on disk before the slot hangs on it; one that is gone is made anew", async () => {
  const place = new Place();
  const lock = etcdConfig(["http://e"], { lease: 60 });
  await place.take(FIRST, lock);
  assert.deepEqual([place.slot?.lease, place.happened[0]], ["77", "writes asked"]);
  assert.deepEqual(await renewSlot(place.ports, FIRST), { kind: "renewed" });
  await place.take(FIRST, lock);
  place.lease = "gone";
  await place.take(FIRST, lock);
  const [first, second, third] = place.claims.map(({ token }) => token);
  assert.equal(first, second);
  assert.notEqual(second, third);
  assert.deepEqual(await renewSlot(place.ports, FIRST), { kind: "gone" });
  assert.deepEqual(await renewSlot(place.ports, SECOND), { kind: "renewed" });
});

test("slot: it says what is its own when it takes and when it gives back: a clone may hold one under its id", async () => {
  const place = new Place();
  await place.take(FIRST);
  assert.deepEqual(
    place.claims.map(({ earlier }) => earlier),
    [SELF.finalizations],
  );
  await giveSlotBack(place.ports);
  assert.deepEqual(place.own, [{ ...SELF, finalizations: [FIRST, SECOND] }]);
});
