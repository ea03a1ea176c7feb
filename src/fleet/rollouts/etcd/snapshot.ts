import * as v from "valibot";
import {
  DONE,
  type Done,
  type Member,
  memberSchema,
  type Rollout,
  rolloutSchema,
} from "../../../core/fleet/rollout.ts";
import type { Lower } from "../../../core/fleet/admission.ts";
import { type Answer, type Entry, foundIn, valueOf } from "./answers.ts";
import type { EtcdGroup } from "./group.ts";
import { type Keys, waveIn } from "./keys.ts";
import { type Condition, type Look, unchanged } from "./requests.ts";
import type { Self } from "../rollout-server.ts";

/** What a group held at one moment, as far as it concerns one host. */
export interface Read {
  readonly revision: string;
  readonly rollout: Rollout | null;
  /** See Snapshot of src/core/fleet/admission.ts. */
  readonly named: number | null;
  /** The wave under which the host is known; null if it is not. */
  readonly wave: number | null;
  readonly own: Member | null;
  readonly done: Done | null;
  readonly lower: Lower;
  /** The waves that have hosts, or had some since the rollout began, in their order. */
  readonly waves: readonly number[];
  /** The rollout is as it was read. */
  readonly control: Condition;
  /** So are the wave of the host, and the host. */
  readonly unchanged: readonly Condition[];
}

export const waveSchema = v.object({
  wave: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(9999)),
});
export const namedSchema = v.object({ seq: v.number() });
export const doneSchema = v.object({ done: v.picklist(DONE) });

/** @throws Error if etcd does not answer, or holds foreign values */
export async function readFor(group: EtcdGroup, self: Self): Promise<Read> {
  let wave = self.wave;
  for (;;) {
    const read = readIn(
      await group.look(...looksFor(group.keys, self, wave)),
      group.keys,
      self,
      wave,
    );
    if (read.wave === null || read.wave === wave) return read;
    // It is known under another wave, and so is what it has done.
    wave = read.wave;
  }
}

function looksFor(keys: Keys, self: Self, known: number): Omit<Look, "kind">[] {
  const { id, wave, rollout } = self;
  const lower = (["member", "done", "seen"] as const).map((kind) => ({
    range: keys.inLowerWaves(kind, wave),
    only: "count" as const,
  }));
  const single = [
    keys.control,
    keys.named(rollout),
    keys.where(id),
    keys.of("member", known, id),
    keys.of("done", known, id),
  ];
  const rosters = { range: keys.rosters, only: "keys" as const };
  return [...single.map((key) => ({ range: { key } })), ...lower, rosters];
}

function readIn(answer: Answer, keys: Keys, self: Self, known: number): Read {
  const first = (index: number): Entry | null => foundIn(answer, index).entries[0] ?? null;
  const [control, named, where, own, done] = [first(0), first(1), first(2), first(3), first(4)];
  const rosters = foundIn(answer, 8).entries.flatMap(({ key }) => waveIn(keys, key) ?? []);
  const [members, ended, seen] = [5, 6, 7].map((index) => foundIn(answer, index).count);
  return {
    revision: answer.revision,
    rollout: control === null ? null : valueOf(rolloutSchema, control),
    named: named === null ? null : valueOf(namedSchema, named).seq,
    wave: where === null ? null : valueOf(waveSchema, where).wave,
    own: own === null ? null : valueOf(memberSchema, own),
    done: done === null ? null : valueOf(doneSchema, done).done,
    lower: { members: members ?? 0, done: ended ?? 0, seen: seen ?? 0 },
    waves: rosters.toSorted((a, b) => a - b),
    control: unchanged(keys.control, control),
    unchanged: [
      unchanged(keys.control, control),
      unchanged(keys.where(self.id), where),
      unchanged(keys.of("member", known, self.id), own),
    ],
  };
}
