import assert from "node:assert/strict";
import { test } from "node:test";
import {
  afterFailure,
  afterStart,
  type Asker,
  graceLeftMs,
  knowsNobodyBelow,
  type LowerWave,
  nextRollout,
  nextStep,
  type Snapshot,
  whyAlone,
  whyFailures,
  whyMissing,
  whyWaits,
} from "../../../src/core/fleet/admission.ts";
import {
  countedFailures,
  type Failure,
  type Member,
  MEMBER_STATES,
  type Rollout,
} from "../../../src/core/fleet/rollout.ts";
import fc from "../../support/fast-check.ts";

const AT = "2026-11-30T15:00:00.000Z";
const FINALIZATIONS = ["f0", "f1", "f2"] as const;

const asker: Asker = {
  id: "id-web1",
  host: "web1",
  rollout: "r1",
  finalization: "f1",
  wave: 1,
  maxFailures: 1,
  joinWithin: 60,
  onMissing: "halt",
};

const rollout: Rollout = {
  schemaVersion: 1,
  seq: 3,
  name: "r1",
  startedAt: AT,
  startedBy: "web0",
  halt: null,
  failures: [],
  forgiven: 0,
};

const own: Member = {
  schemaVersion: 1,
  id: "id-web1",
  host: "web1",
  wave: 1,
  seq: 3,
  finalization: "f1",
  generation: 7,
  state: "waiting",
  since: AT,
  why: null,
};

const lower = { members: 3, done: 3, seen: 3 };
const snapshot: Snapshot = { rollout, named: 3, own, lower, waves: [0, 1, 2] };
const NOBODY = { members: 0, done: 0, seen: 0 };

function failure(id: string, more: Partial<Failure> = {}): Failure {
  return { id, host: id, wave: 0, finalization: "f0", why: `no ${id}`, at: AT, ...more };
}

/** What a host is told, and why. */
const TABLE: [what: string, snapshot: Partial<Snapshot>, waited: number, step: RegExp][] = [
  ["all lower waves are complete", {}, 0, /^admit/],
  ["all hosts of the lower waves were forgotten", { lower: NOBODY }, 0, /^admit/],
  ["no lower wave has ever had a host", { lower: NOBODY, waves: [2, 3] }, 999, /^wait missing$/],
  ["it has not joined yet", { own: null }, 0, /^admit/],
  ["there is no rollout", { rollout: null, named: null, own: null }, 0, /^start/],
  ["its name is new", { rollout: { ...rollout, name: "r0" }, named: null, own: null }, 0, /^start/],
  [
    "it has joined the other one, with an older finalization",
    { rollout: { ...rollout, name: "r0" }, named: 1, own: { ...own, finalization: "f0" } },
    0,
    /^start/,
  ],
  [
    "its rollout was superseded",
    { rollout: { ...rollout, name: "r2" }, named: 2, own: { ...own, seq: 2 } },
    0,
    /^superseded rollout r1 was superseded by rollout r2; .* schedule --rollout OTHER-NAME$/,
  ],
  [
    "its name is new, but that of a newer deploy has begun",
    { rollout: { ...rollout, name: "r2", startedFor: "f2" }, named: null, own: null },
    0,
    /^superseded rollout r1 was superseded by rollout r2, a later deploy; .*, deploy again, or: .*--rollout OTHER-NAME$/,
  ],
  [
    "its name is new, and so is its deploy",
    { rollout: { ...rollout, name: "r2", startedFor: "f0" }, named: null, own: null },
    0,
    /^start/,
  ],
  [
    "it has joined the other one before its deploy",
    {
      rollout: { ...rollout, name: "r2", startedFor: "f2" },
      named: null,
      own: { ...own, finalization: "f0" },
    },
    0,
    /^start/,
  ],
  [
    "a newer finalization of it takes part",
    { own: { ...own, finalization: "f2" } },
    0,
    /^superseded finalization f2 of this host is newer/,
  ],
  [
    "a clone takes part",
    { own: { ...own, host: "web9" } },
    0,
    /^cloned web9 takes part under the id of this host \(id-web1\)/,
  ],
  [
    "it got another name since the last rollout",
    { own: { ...own, host: "web9", seq: 2 } },
    0,
    /^admit/,
  ],
  [
    "it is halted",
    { rollout: { ...rollout, halt: { at: AT, by: "root", why: "stop", kind: "operator" } } },
    0,
    /^halted rollout r1 is halted: stop$/,
  ],
  [
    "so many failed that it is halted for this host",
    { rollout: { ...rollout, failures: [failure("a")] } },
    0,
    /^halted rollout r1 is halted for this host: a failed: no a$/,
  ],
  [
    "these were forgiven",
    { rollout: { ...rollout, failures: [failure("a")], forgiven: 1 } },
    0,
    /^admit/,
  ],
  ["hosts have not ended", { lower: { ...lower, done: 2 } }, 999, /^wait wave$/],
  ["hosts have not joined", { lower: { members: 3, done: 1, seen: 2 } }, 59, /^wait wave$/],
  [
    "only absent hosts are missing",
    { lower: { members: 3, done: 2, seen: 2 } },
    59,
    /^wait missing$/,
  ],
  ["they are late", { lower: { members: 3, done: 1, seen: 2 } }, 60, /^missing wave$/],
  [
    "they are late, and it has not joined itself",
    { lower: { members: 3, done: 1, seen: 2 }, own: { ...own, seq: 2 } },
    60,
    /^wait wave$/,
  ],
];

for (const [what, more, waited, expected] of TABLE) {
  test(`admission: ${what}`, () => {
    const step = nextStep({ ...snapshot, ...more }, asker, waited);
    const words = "why" in step ? step.why : "because" in step ? step.because : "";
    assert.match(`${step.kind} ${words}`.trim(), expected);
  });
}

const someFailure = fc
  .record({ id: fc.constantFrom("a", "b", "c"), finalization: fc.constantFrom(...FINALIZATIONS) })
  .map(({ id, finalization }) => failure(id, { finalization }));

const someRollout: fc.Arbitrary<Rollout> = fc
  .record({
    seq: fc.integer({ min: 1, max: 3 }),
    name: fc.constantFrom("r0", "r1", "r2"),
    isHalted: fc.boolean(),
    failures: fc.array(someFailure, { maxLength: 4 }),
    forgiven: fc.nat(4),
    startedFor: fc.option(fc.constantFrom(...FINALIZATIONS), { nil: undefined }),
  })
  .map(({ isHalted, forgiven, startedFor, ...more }) => ({
    ...rollout,
    ...more,
    ...(startedFor !== undefined && { startedFor }),
    forgiven: Math.min(forgiven, more.failures.length),
    halt: isHalted ? { at: AT, by: "root", why: "stop", kind: "operator" as const } : null,
  }));

const someMember: fc.Arbitrary<Member> = fc
  .record({
    host: fc.constantFrom("web1", "web9"),
    seq: fc.nat(3),
    finalization: fc.constantFrom(...FINALIZATIONS),
    state: fc.constantFrom(...MEMBER_STATES),
  })
  .map((more) => ({ ...own, ...more }));

const someLower = fc.tuple(fc.nat(3), fc.nat(3), fc.nat(3)).map(([done, joined, absent]) => ({
  done,
  seen: done + joined,
  members: done + joined + absent,
}));

const someSnapshot: fc.Arbitrary<Snapshot> = fc.record({
  rollout: fc.option(someRollout),
  named: fc.option(fc.integer({ min: 1, max: 3 })),
  own: fc.option(someMember),
  lower: someLower,
  waves: fc.constantFrom([0, 1, 2], [1], [2]),
});

const someAsker: fc.Arbitrary<Asker> = fc
  .record({
    maxFailures: fc.integer({ min: 1, max: 3 }),
    joinWithin: fc.nat(2),
    onMissing: fc.constantFrom("halt" as const, "go-on-without" as const),
  })
  .map((more) => ({ ...asker, ...more }));

test("admission: nobody is let in unless everything that closes the gate is open", () => {
  fc.assert(
    fc.property(someSnapshot, someAsker, fc.nat(3), (seen, self, waited) => {
      const step = nextStep(seen, self, waited);
      const isOpen =
        seen.rollout !== null &&
        seen.rollout.name === self.rollout &&
        seen.rollout.halt === null &&
        countedFailures(seen.rollout).length < self.maxFailures &&
        (knowsNobodyBelow(seen, self)
          ? self.onMissing === "go-on-without" &&
            waited >= self.joinWithin &&
            seen.own?.seq === seen.rollout.seq &&
            seen.own.finalization === self.finalization
          : seen.lower.done === seen.lower.members) &&
        (seen.own === null || seen.own.finalization <= self.finalization) &&
        (seen.own?.host !== "web9" || seen.own.seq !== seen.rollout.seq);
      assert.equal(step.kind === "admit", isOpen);
    }),
  );
});

test("admission: a host that is let in stays so when others make progress", () => {
  fc.assert(
    fc.property(someSnapshot, someAsker, fc.nat(3), (seen, self, waited) => {
      const { members } = seen.lower;
      const complete = { ...seen, lower: { members, done: members, seen: members }, waves: [0] };
      const before = nextStep(seen, self, waited).kind;
      const after = nextStep(complete, self, waited).kind;
      const isOpened = ["wait", "missing", "admit"].includes(before);
      assert.equal(after, isOpened ? "admit" : before);
    }),
  );
});

test("admission: absent hosts are late only for a host that has joined and waited", () => {
  fc.assert(
    fc.property(someSnapshot, someAsker, fc.nat(3), (seen, self, waited) => {
      const step = nextStep(seen, self, waited);
      if (step.kind !== "missing") return;
      assert.ok(seen.lower.seen < seen.lower.members);
      assert.ok(waited >= self.joinWithin);
      assert.equal(seen.own?.seq, seen.rollout?.seq);
      assert.equal(seen.own?.finalization, self.finalization);
    }),
  );
});

test("admission: a host that begins a rollout is in it, and begins no other", () => {
  fc.assert(
    fc.property(someSnapshot, someAsker, (seen, self) => {
      if (nextStep(seen, self, 0).kind !== "start") return;
      const started = nextRollout(seen.rollout, self, new Date(AT));
      assert.ok(started.seq > (seen.rollout?.seq ?? 0));
      const next = nextStep(afterStart(seen, started, self), self, 0);
      assert.ok(["admit", "wait", "superseded", "cloned"].includes(next.kind), next.kind);
    }),
  );
});

test("admission: a laggard never begins a rollout that was there before", () => {
  fc.assert(
    fc.property(someSnapshot, someAsker, (seen, self) => {
      const { rollout: current, own: member, named } = seen;
      if (current === null || named === null || member?.seq === current.seq) return;
      assert.notEqual(nextStep(seen, self, 0).kind, "start");
    }),
  );
});

test("admission: a laggard never supersedes the rollout of a later deploy", () => {
  fc.assert(
    fc.property(someSnapshot, someAsker, (seen, self) => {
      const { rollout: current, own: member } = seen;
      if (current === null || member?.seq === current.seq) return;
      if (nextStep(seen, self, 0).kind !== "start") return;
      assert.ok(current.startedFor === undefined || self.finalization >= current.startedFor);
    }),
  );
});

test("admission: a host that has left is waited for as long as one that has not joined", () => {
  const left: Member = { ...own, state: "left" };
  const graceAt = (seconds: number, member = left): number =>
    graceLeftMs(member, rollout, asker, new Date(Date.parse(AT) + seconds * 1000));
  assert.deepEqual(
    [0, 59, 60, 999].map((at) => graceAt(at)),
    [60_000, 1000, 0, 0],
  );
  // The clocks of hosts differ, and one that is far ahead keeps nobody waiting.
  assert.deepEqual(
    [-1, -60].map((at) => graceAt(at)),
    [61_000, 0],
  );
  assert.equal(graceAt(0, { ...left, since: "yesterday" }), 0);
  assert.equal(graceAt(0, { ...left, seq: 2 }), 0);
  assert.equal(graceAt(0, own), 0);
});

test("failures: a host counts once, and the limit halts", () => {
  fc.assert(
    fc.property(someRollout, someFailure, fc.integer({ min: 1, max: 4 }), (before, one, most) => {
      const after = afterFailure(before, one, most);
      assert.equal(after.forgiven, before.forgiven);
      const counted = countedFailures(after);
      assert.equal(counted.filter(({ id }) => id === one.id).length, 1);
      assert.ok(counted.length >= 1);
      const isHalted = before.halt !== null || counted.length >= most;
      assert.equal(after.halt !== null, isHalted);
      // The same again changes nothing.
      assert.deepEqual(afterFailure(after, one, most), after);
      assert.deepEqual(
        after.failures.slice(0, after.forgiven),
        before.failures.slice(0, before.forgiven),
      );
    }),
  );
});

test("failures: the first is told with its reason, the others by name", () => {
  assert.equal(whyFailures([failure("a")]), "a failed: no a");
  assert.equal(whyFailures([failure("a"), failure("b")]), "a failed: no a; b failed too");
  const many = ["a", "b", "c", "d", "e"].map((id) => failure(id));
  assert.equal(whyFailures(many), "a failed: no a; b, c and 2 more failed too");
});

function wave(number: number, members: number, done: number): LowerWave {
  return { wave: number, members, done, live: done };
}

test("waiting: names the first wave that is not complete, and who is absent", () => {
  const until = new Date(AT);
  const told = (waves: readonly LowerWave[], absent: readonly string[] | null): string =>
    whyWaits(waves, absent, until);
  assert.equal(told([wave(0, 3, 1)], []), "waits for wave 0: 1 of 3 hosts has ended live");
  assert.equal(
    told([wave(0, 3, 3), wave(2, 9, 2), wave(5, 1, 0)], null),
    "waits for wave 2: 2 of 9 hosts have ended live (then for one more wave)",
  );
  assert.equal(
    told([wave(0, 3, 1), wave(1, 1, 0), wave(2, 1, 0)], ["web2", "web3"]),
    "waits for wave 0: 1 of 3 hosts has ended live (then for 2 more waves); web2, web3 do not " +
      "take part yet (waits until 2026-11-30T15:00:00.000Z)",
  );
  assert.match(whyMissing(["a", "b", "c", "d"], 60), /^a, b and 2 more have not joined/);
});

test("admission: a host that knows nobody below it says so, and until when it waits", () => {
  const until = new Date(AT);
  const waits = "waits for the first host of a wave below 1: none is known yet";
  assert.equal(whyAlone(asker, until), waits);
  const going = { ...asker, onMissing: "go-on-without" } as const;
  assert.equal(whyAlone(going, until), `${waits} (waits until ${AT})`);
});
