import { jsonAs } from "../../../../src/core/answer.ts";
import {
  type Member,
  memberSchema,
  type Rollout,
  rolloutSchema,
} from "../../../../src/core/fleet/rollout.ts";
import { hostIn, type Keys } from "../../../../src/fleet/rollouts/etcd/keys.ts";
import type { EtcdStore } from "./store.ts";

/**
 * Notes each change that etcd, as it is after it, did not allow: requests of others may have come in
 * between what a host read and what it wrote.
 */
export function watchGroup(store: EtcdStore, keys: Keys): readonly string[] {
  const violations: string[] = [];
  let from = 1;
  store.listen(() => {
    const changes = store.changes(keys.all("member"), from);
    const isNews = store.changes({ key: keys.control }, from).length > 0;
    from = store.revision + 1;
    const rollout = jsonAs(rolloutSchema, store.get(keys.control) ?? "");
    for (const { key, value } of changes) {
      const member = memberIn(value);
      if (member?.state === "acting")
        violations.push(...admitted(store, keys, key, member, rollout));
    }
    if (isNews) violations.push(...uncounted(store, keys, rollout));
  });
  return violations;
}

function memberIn(value: string | null): Member | null {
  return value === null ? null : jsonAs(memberSchema, value);
}

/** A failure counts at once, but for one in a halted rollout, or one that an operator has forgiven. */
function uncounted(store: EtcdStore, keys: Keys, rollout: Rollout | null): string[] {
  if (rollout === null || rollout.halt !== null || rollout.resumed !== undefined) return [];
  return store.names(keys.all("member")).flatMap((key) => {
    const member = memberIn(store.get(key));
    if (member?.state !== "failed" || member.seq !== rollout.seq) return [];
    const { id } = member;
    return rollout.failures.some((each) => each.id === id) ? [] : [`${id} failed uncounted`];
  });
}

function admitted(
  store: EtcdStore,
  keys: Keys,
  key: string,
  { id, wave, seq }: Member,
  rollout: Rollout | null,
): string[] {
  const who = `${id} of wave ${wave} was let in to rollout ${seq}`;
  const wrong: string[] = [];
  if (rollout?.seq !== seq) wrong.push(`${who}, but rollout ${rollout?.seq} is the current one`);
  if (rollout?.halt !== null) wrong.push(`${who}, which is halted`);
  const done = new Set(
    store.names(keys.all("done")).map((name) => JSON.stringify(hostIn(keys, "done", name))),
  );
  for (const name of store.names(keys.inLowerWaves("member", wave))) {
    const lower = JSON.stringify(hostIn(keys, "member", name));
    if (!done.has(lower)) wrong.push(`${who} before ${lower} has ended`);
  }
  return key === keys.of("member", wave, id) ? wrong : [...wrong, `${who} under the key ${key}`];
}
