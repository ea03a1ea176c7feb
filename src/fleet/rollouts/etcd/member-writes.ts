import { isDeepStrictEqual } from "node:util";
import type { Member, MemberState, Rollout } from "../../../core/fleet/rollout.ts";
import { printableLine } from "../../../core/printable.ts";
import { type Keys, PER_HOST } from "./keys.ts";
import { type Operation, put, remove } from "./requests.ts";
import type { Self } from "../rollout-server.ts";
import type { Read } from "./snapshot.ts";

/** In characters: 2,000 hosts have one each. */
export const MOST_IN_WHY = 300;

export function memberOf(
  self: Self,
  { seq }: Rollout,
  state: MemberState,
  why: string | null,
  before: Member | null,
  now: Date,
): Member {
  const { id, host, wave, finalization, generation } = self;
  const isSame =
    before?.seq === seq && before.finalization === finalization && before.state === state;
  return {
    schemaVersion: 1,
    id,
    host,
    wave,
    seq,
    finalization,
    generation,
    state,
    since: isSame ? before.since : now.toISOString(),
    why: why === null ? null : printableLine(why, MOST_IN_WHY),
  };
}

/** Whether the group knows this of the host already. */
export function isKnown({ wave, own }: Read, member: Member): boolean {
  return wave === member.wave && isDeepStrictEqual(own, member);
}

/**
 * Writes a host that takes part. A host that is new, or has another wave than before, changes the
 * rosters, because it closes the gates of the waves above.
 */
export function takingPart(keys: Keys, read: Read, rollout: Rollout, member: Member): Operation[] {
  const { id, wave } = member;
  const host = [put(keys.of("member", wave, id), member), put(keys.of("seen", wave, id), {})];
  if (read.wave === wave) return host;
  const comes = [put(keys.where(id), { wave }), put(keys.roster(wave), { id })];
  if (read.wave === null) return [...host, ...comes];
  const { wave: old } = read;
  return [...host, ...comes, ...goingFrom(keys, old, id), passing(keys, rollout, old)];
}

/** Removes a host from a wave. */
export function goingFrom(keys: Keys, wave: number, id: string): Operation[] {
  return [
    put(keys.roster(wave), { id }),
    ...PER_HOST.map((kind) => remove({ key: keys.of(kind, wave, id) })),
  ];
}

/** Wakes the hosts that wait for a wave. */
export function passing(keys: Keys, { seq }: Rollout, wave: number): Operation {
  return put(keys.passed, { seq, wave });
}
