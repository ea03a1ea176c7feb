import { jsonAs } from "../../../../src/core/answer.ts";
import { memberSchema, rolloutSchema } from "../../../../src/core/fleet/rollout.ts";
import { hostIn, type Keys } from "../../../../src/fleet/rollouts/etcd/keys.ts";
import type { Change, EtcdStore } from "./store.ts";

/**
 * Notes each host that etcd, at the moment at which it is let in, did not allow to act: requests of others
 * may have come in between what the host read and what it wrote.
 */
export function watchAdmissions(store: EtcdStore, keys: Keys): readonly string[] {
  const violations: string[] = [];
  let from = 1;
  store.listen(() => {
    const changes = store.changes(keys.all("member"), from);
    from = store.revision + 1;
    for (const change of changes) violations.push(...judge(store, keys, change));
  });
  return violations;
}

function judge(store: EtcdStore, keys: Keys, { key, value }: Change): string[] {
  const member = value === null ? null : jsonAs(memberSchema, value);
  if (member?.state !== "acting") return [];
  const { id, wave, seq } = member;
  const who = `${id} of wave ${wave} was let in to rollout ${seq}`;
  const rollout = jsonAs(rolloutSchema, store.get(keys.control) ?? "");
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
