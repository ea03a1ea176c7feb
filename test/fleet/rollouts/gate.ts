import type { Rollout } from "../../../src/core/fleet/rollout.ts";
import type { RolloutServer, Self } from "../../../src/fleet/rollouts/rollout-server.ts";

/** Waits as the gate of a host does, until it may act; without an end of its own. */
export async function untilAdmitted(
  server: RolloutServer,
  self: Self,
  onAnswer: (why: string) => void = () => {},
): Promise<Rollout> {
  for (;;) {
    const answer = await server.admit(self, 0);
    if (answer.kind === "admitted") return answer.rollout;
    onAnswer(answer.why);
    await server.change(new AbortController().signal);
  }
}

/** Tells until it is told: etcd may be away. */
export async function untilLive(server: RolloutServer, self: Self): Promise<void> {
  while ((await server.ends(self, { kind: "live" })).kind === "unknown");
}
