import {
  type Done,
  type Member,
  memberSchema,
  type PastRollout,
  pastRolloutSchema,
  type Rollout,
  rolloutSchema,
} from "../../../core/fleet/rollout.ts";
import { type Entry, foundIn, valueOf } from "./answers.ts";
import type { EtcdGroup } from "./group.ts";
import type { Range } from "./keys.ts";
import type { GroupView, MemberView } from "../rollout-server.ts";
import { doneSchema } from "./snapshot.ts";

/** So many hosts fit well into one answer. */
const PAGE = 500;

/** The newest rollouts of the history that are shown. */
const MOST_SHOWN = 100;

/** The keys of a range, page by page. @param revision the moment to look at */
export async function* pagesOf(
  group: EtcdGroup,
  range: Range,
  revision?: string,
): AsyncGenerator<Entry> {
  let { key } = range;
  for (;;) {
    const at = revision === undefined ? {} : { revision };
    const page = foundIn(await group.look({ range: { ...range, key }, limit: PAGE, ...at }), 0);
    yield* page.entries;
    const last = page.entries.at(-1);
    if (!page.hasMore || last === undefined) return;
    key = `${last.key}\0`;
  }
}

/** Everything that a group knows, at one moment. */
export async function lookAt(
  group: EtcdGroup,
  onRead: (revision: string, rollout: Rollout | null) => void,
): Promise<GroupView> {
  const { keys, name } = group;
  const answer = await group.look({ range: { key: keys.control } });
  const [control] = foundIn(answer, 0).entries;
  const rollout = control === undefined ? null : valueOf(rolloutSchema, control);
  const done = new Map<string, Done>();
  for await (const entry of pagesOf(group, keys.all("done"), answer.revision)) {
    done.set(entry.key.slice(keys.all("done").key.length), valueOf(doneSchema, entry).done);
  }
  const members: MemberView[] = [];
  for await (const entry of pagesOf(group, keys.all("member"), answer.revision)) {
    const place = entry.key.slice(keys.all("member").key.length);
    members.push(viewOf(valueOf(memberSchema, entry), done.get(place) ?? null, rollout));
  }
  onRead(answer.revision, rollout);
  return { kind: "known", group: name, rollout, waves: inWaves(members) };
}

function viewOf(member: Member, done: Done | null, rollout: Rollout | null): MemberView {
  const hasJoined = member.seq === rollout?.seq && member.state !== "left";
  return { ...member, done, hasJoined };
}

function inWaves(members: readonly MemberView[]): GroupView["waves"] {
  const waves = [...new Set(members.map(({ wave }) => wave))].toSorted((a, b) => a - b);
  return waves.map((wave) => ({
    wave,
    members: members
      .filter((member) => member.wave === wave)
      .toSorted((a, b) => a.host.localeCompare(b.host)),
  }));
}

/** The newest first. */
export async function historyOf(group: EtcdGroup): Promise<readonly PastRollout[]> {
  const look = { range: group.keys.history, limit: MOST_SHOWN, order: "last-first" as const };
  const { entries } = foundIn(await group.look(look), 0);
  return entries.map((entry) => valueOf(pastRolloutSchema, entry));
}
