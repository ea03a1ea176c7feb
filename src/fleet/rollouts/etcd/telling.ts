import { afterFailure, hasJoined } from "../../../core/fleet/admission.ts";
import type { Failure, Member, MemberState, Rollout } from "../../../core/fleet/rollout.ts";
import { printableLine } from "../../../core/printable.ts";
import { type Answer, foundIn } from "./answers.ts";
import { AGAIN, type EtcdGroup } from "./group.ts";
import { isKnown, memberOf, MOST_IN_WHY, passing } from "./member-writes.ts";
import { progressOf } from "./numbers.ts";
import { counting, put, remove } from "./requests.ts";
import type { RolloutServer, Self, Told } from "../rollout-server.ts";
import { type Read, readFor } from "./snapshot.ts";

export type End = Parameters<RolloutServer["ends"]>[1];

const TOLD: Told = { kind: "told", progress: null };
const PAST: Told = { kind: "past" };

/** The host is in the current rollout. */
interface Taking {
  readonly read: Read;
  readonly rollout: Rollout;
  readonly own: Member;
  /** The wave in which it takes part, and counts: the next one of the host may be another. */
  readonly wave: number;
}

/** A host that goes from one state to the next in the rollout that it has joined. */
export async function tellState(
  group: EtcdGroup,
  self: Self,
  state: "waiting" | "soaking" | "left",
  why: string | null,
): Promise<Told> {
  return await group.decide<Told>(async () => {
    const read = await readFor(group, self);
    const taking = takingIn(read, self);
    if (taking === null || !hasJoined(read.own, taking.rollout, self)) return PAST;
    const { own, wave } = taking;
    // Only a host that was admitted goes back to waiting.
    if (state === "waiting" && own.state !== "acting") return TOLD;
    const member = memberIn(group, self, taking, state, why);
    if (isKnown(read, member)) return TOLD;
    const { keys } = group;
    const kept = put(keys.of("member", wave, self.id), member);
    const seen = keys.of("seen", wave, self.id);
    const isGone = state === "left" && read.done === null;
    const isBack = own.state === "left" && state !== "left";
    const isWritten = await group.commit(read.unchanged, [
      kept,
      ...(isGone ? [remove({ key: seen })] : []),
      ...(isBack ? [put(seen, {})] : []),
    ]);
    return isWritten === null ? AGAIN : { kind: "told", progress: null };
  });
}

/** A host has ended, and the group counts it. */
export async function tellEnd(group: EtcdGroup, self: Self, end: End): Promise<Told> {
  return await group.decide<Told>(async () => {
    const read = await readFor(group, self);
    const taking = takingIn(read, self);
    if (taking === null) return PAST;
    const noted = await noteEnd(group, self, taking, end);
    if (noted === null) return AGAIN;
    const { rollout, counts } = noted;
    // Hosts of the waves above wait for nothing else.
    if (isComplete(counts)) {
      await group.commit([], [passing(group.keys, rollout, taking.wave)]);
    }
    return { kind: "told", progress: await progressOf(group, rollout, read.waves) };
  });
}

/** Null if the host is not in the current rollout, or in it for a newer finalization. */
function takingIn(read: Read, self: Self): Taking | null {
  const { rollout, own, wave } = read;
  if (rollout === null || own === null || wave === null || rollout.name !== self.rollout)
    return null;
  if (own.seq !== rollout.seq || own.finalization > self.finalization) return null;
  return { read, rollout, own, wave };
}

function memberIn(
  group: EtcdGroup,
  self: Self,
  { rollout, own, wave }: Taking,
  state: MemberState,
  why: string | null,
): Member {
  return memberOf({ ...self, wave }, rollout, state, why, own, group.now());
}

/** What an end came to: `counts` are those of its wave after it. */
interface Noted {
  readonly rollout: Rollout;
  readonly counts: Answer;
}

/** @returns null if what was read has changed meanwhile */
async function noteEnd(
  group: EtcdGroup,
  self: Self,
  taking: Taking,
  end: End,
): Promise<Noted | null> {
  const { read, rollout, own, wave } = taking;
  const { keys } = group;
  const ofWave = (["member", "done"] as const).map((kind) => counting(keys.inWave(kind, wave)));
  const isOwn = own.finalization === self.finalization;
  if (isOwn && own.state === end.kind && read.done === end.kind) {
    // It was told before, and its teller may have been killed before it woke the others.
    return { rollout, counts: await group.look(...ofWave) };
  }
  const member = memberIn(group, self, taking, end.kind, end.kind === "failed" ? end.why : null);
  const after = afterEnd(group, self, taking, end);
  const live = keys.of("live", wave, self.id);
  const counts = await group.commit(read.unchanged, [
    ...(after === rollout ? [] : [put(keys.control, after)]),
    put(keys.of("member", wave, self.id), member),
    put(keys.of("seen", wave, self.id), {}),
    put(keys.of("done", wave, self.id), { done: end.kind }),
    end.kind === "live" ? put(live, {}) : remove({ key: live }),
    ...ofWave,
  ]);
  return counts === null ? null : { rollout: after, counts };
}

function isComplete(counts: Answer): boolean {
  return foundIn(counts, 0).count === foundIn(counts, 1).count;
}

/** While it is halted, failures are in the states of the hosts only: each change wakes all who wait. */
function afterEnd(group: EtcdGroup, self: Self, { rollout, wave }: Taking, end: End): Rollout {
  if (end.kind === "live" || rollout.halt !== null) return rollout;
  const { id, host, finalization, maxFailures } = self;
  const at = group.now().toISOString();
  const why = printableLine(end.why, MOST_IN_WHY);
  const failure: Failure = { id, host, wave, finalization, why, at };
  return afterFailure(rollout, failure, maxFailures);
}
