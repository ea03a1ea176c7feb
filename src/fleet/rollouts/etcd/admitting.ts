import {
  afterStart,
  hasJoined,
  knowsNobodyBelow,
  nextRollout,
  nextStep,
  type Step,
  whyAlone,
  whyWaits,
} from "../../../core/fleet/admission.ts";
import type { MemberState, Rollout } from "../../../core/fleet/rollout.ts";
import type { Unknown } from "../../slot-keeping.ts";
import { absentBelow, goOnWithoutOrHalt } from "./missing.ts";
import { AGAIN, type EtcdGroup } from "./group.ts";
import { isKnown, memberOf, takingPart } from "./member-writes.ts";
import { countWaves } from "./numbers.ts";
import type { Condition } from "./requests.ts";
import type { Admission, Self } from "../rollout-server.ts";
import { type Read, readFor } from "./snapshot.ts";
import { starting } from "./starting.ts";

/** Told of each snapshot: a change after it is news. */
export type OnRead = (read: Read) => void;

type Held = Extract<Admission, { kind: "held" }>;

/** What a host is told that asks to act. */
export interface Asked {
  readonly kind: "asked";
  readonly answer: Admission;
  /** Milliseconds after which another look is worthwhile without any news. */
  readonly dueMs: number;
}

export async function admit(
  group: EtcdGroup,
  self: Self,
  waitedSeconds: number,
  onRead: OnRead,
): Promise<Asked | Unknown> {
  return await group.decide<Asked>(async () => {
    const read = await readFor(group, self);
    onRead(read);
    const step = nextStep(read, self, waitedSeconds);
    const { rollout } = read;
    if (step.kind === "start" || rollout === null) {
      await starting(group, self, read);
      return AGAIN;
    }
    switch (step.kind) {
      case "cloned":
        return asked(cloned(step.why));
      case "superseded":
        return asked(held(rollout, "superseded", step.why));
      case "halted":
      case "missing":
      case "wait":
      case "admit":
        return await takePart(group, self, { read, rollout, step, waitedSeconds });
    }
  });
}

function asked(answer: Admission, dueMs = Infinity): Asked {
  return { kind: "asked", answer, dueMs };
}

interface Part {
  readonly read: Read;
  readonly rollout: Rollout;
  readonly step: Extract<Step, { kind: "halted" | "missing" | "wait" | "admit" }>;
  readonly waitedSeconds: number;
}

async function takePart(group: EtcdGroup, self: Self, part: Part): Promise<Asked | typeof AGAIN> {
  const { read, rollout, step } = part;
  if (read.wave !== null && read.wave !== self.wave) {
    // Otherwise it would wait for itself, in the wave that it leaves.
    await writeState(group, self, { read, rollout, state: "waiting", why: null });
    return AGAIN;
  }
  switch (step.kind) {
    case "halted":
      return await hold(group, self, read, held(rollout, "halted", step.why));
    case "missing": {
      const dueMs = await goOnWithoutOrHalt(group, self, read, rollout);
      return dueMs === null ? AGAIN : await wait(group, self, part, step.because, dueMs);
    }
    case "wait":
      return await wait(group, self, part, step.because, absentDueMs(self, part));
    case "admit":
      return await letIn(group, self, read, rollout);
  }
}

async function wait(
  group: EtcdGroup,
  self: Self,
  { read, rollout, waitedSeconds }: Part,
  because: "wave" | "missing",
  dueMs: number,
): Promise<Asked | typeof AGAIN> {
  const why = await whyBelow(group, self, rollout, read, waitedSeconds);
  return why === null ? AGAIN : await hold(group, self, read, held(rollout, because, why), dueMs);
}

/** When absent hosts have had their time. If that is over and was counted, only news change the answer. */
function absentDueMs(self: Self, { read, rollout, waitedSeconds }: Part): number {
  const isAbsent = read.lower.seen < read.lower.members || knowsNobodyBelow(read, self);
  const leftMs = (self.joinWithin - waitedSeconds) * 1000;
  if (!isAbsent || (leftMs <= 0 && hasJoined(read.own, rollout, self))) return Infinity;
  return Math.max(0, leftMs);
}

/** What `admit` would say, without a change. */
export async function preview(group: EtcdGroup, self: Self, onRead: OnRead): Promise<Admission> {
  return await group.decide<Admission>(async () => {
    const read = await readFor(group, self);
    onRead(read);
    const first = nextStep(read, self, 0);
    if (first.kind !== "start") return await seen(group, self, read, read.rollout, first);
    const rollout = nextRollout(read.rollout, self, group.now());
    const begun = afterStart(read, rollout, self);
    const step = nextStep(begun, self, 0);
    return await seen(group, self, { ...read, waves: begun.waves }, rollout, step);
  });
}

async function seen(
  group: EtcdGroup,
  self: Self,
  read: Read,
  rollout: Rollout | null,
  step: Step,
): Promise<Admission | typeof AGAIN> {
  if (rollout === null) throw new Error("holds no rollout");
  switch (step.kind) {
    case "cloned":
      return cloned(step.why);
    case "superseded":
    case "halted":
      return held(rollout, step.kind, step.why);
    case "wait":
    case "missing": {
      const why = await whyBelow(group, self, rollout, read, 0);
      return why === null ? AGAIN : held(rollout, step.because, why);
    }
    case "admit":
      return { kind: "admitted", rollout };
    case "start":
      throw new Error("begins a rollout twice");
  }
}

function cloned(why: string): Unknown {
  return { kind: "unknown", why };
}

function held(rollout: Rollout, because: Held["because"], why: string): Held {
  return { kind: "held", because, why, rollout };
}

/** The host takes part, and waits. */
async function hold(
  group: EtcdGroup,
  self: Self,
  read: Read,
  answer: Held,
  dueMs = Infinity,
): Promise<Asked | typeof AGAIN> {
  const { rollout, why } = answer;
  const isWritten = await writeState(group, self, { read, rollout, state: "waiting", why });
  return isWritten ? asked(answer, dueMs) : AGAIN;
}

/** The host acts, unless the rollout or a lower wave has changed since. */
async function letIn(
  group: EtcdGroup,
  self: Self,
  read: Read,
  rollout: Rollout,
): Promise<Asked | typeof AGAIN> {
  const lower: Condition = {
    kind: "none-since",
    range: group.keys.lowerRosters(self.wave),
    revision: read.revision,
  };
  const isWritten = await writeState(
    group,
    self,
    { read, rollout, state: "acting", why: null },
    lower,
  );
  return isWritten ? asked({ kind: "admitted", rollout }) : AGAIN;
}

interface Writing {
  readonly read: Read;
  readonly rollout: Rollout;
  readonly state: MemberState;
  readonly why: string | null;
}

/** @returns false if what was read has changed meanwhile */
async function writeState(
  group: EtcdGroup,
  self: Self,
  { read, rollout, state, why }: Writing,
  ...more: readonly Condition[]
): Promise<boolean> {
  const member = memberOf(self, rollout, state, why, read.own, group.now());
  if (isKnown(read, member)) return true;
  const operations = takingPart(group.keys, read, rollout, member);
  return (await group.commit([...read.unchanged, ...more], operations)) !== null;
}

/** Null if the lower waves are complete meanwhile. */
async function whyBelow(
  group: EtcdGroup,
  self: Self,
  rollout: Rollout,
  read: Read,
  waitedSeconds: number,
): Promise<string | null> {
  const { wave, joinWithin } = self;
  const leftMs = Math.max(0, joinWithin - waitedSeconds) * 1000;
  const until = (ms: number): Date => wholeMinute(group.now().getTime() + ms);
  if (knowsNobodyBelow(read, self)) return whyAlone(self, until(leftMs));
  const lower = read.waves.filter((each) => each < wave);
  const waves = await countWaves(group, lower);
  const hasBegun = read.rollout?.seq === rollout.seq;
  const counted = hasBegun ? waves : waves.map((each) => ({ ...each, done: 0, live: 0 }));
  // Somebody may have removed a roster by hand: then its hosts are not among these.
  const members = counted.reduce((sum, each) => sum + each.members, 0);
  const isComplete = counted.every((each) => each.members === each.done);
  if (isComplete && members >= read.lower.members) return null;
  const { names, graceMs } = await absentBelow(group, self, rollout, read.lower);
  return whyWaits(counted, names, until(Math.max(leftMs, graceMs)));
}

const MINUTE_MS = 60_000;

/** Each look computes it anew, and what is written is to change only if something has changed. */
function wholeMinute(ms: number): Date {
  return new Date(Math.ceil(ms / MINUTE_MS) * MINUTE_MS);
}
