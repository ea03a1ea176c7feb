import * as v from "valibot";
import type { FleetLockConfig } from "../core/lock-config.ts";
import { messageOf } from "../core/refusal.ts";
import type { SlotServer } from "../core/slot-keeping.ts";
import { type Answer, postJson } from "./http.ts";
import { jsonIn, quoted } from "./words.ts";

/** How the protocol says no, whatever the content type of the answer: notes/fleetlock.md. */
const rejection = v.object({ kind: v.string(), value: v.string() });

/**
 * A server that speaks FleetLock: Airlock and others. The protocol knows two
 * requests, both of which may be repeated, and no way to ask who holds a slot.
 */
export function fleetLockServer(config: FleetLockConfig): SlotServer {
  const { url, group, timeout } = config;
  const base = url.replace(/\/+$/, "");
  const ask = async (endpoint: "pre-reboot" | "steady-state", id: string): Promise<Answer> =>
    await postJson({
      url: `${base}/v1/${endpoint}`,
      headers: { "fleet-lock-protocol": "true" },
      body: { client_params: { id, group } },
      timeout,
      tls: config,
    });
  return {
    take: async ({ id }) => {
      try {
        const answer = await ask("pre-reboot", id);
        return answer.status === 200
          ? { kind: "held" }
          : { kind: "refused", why: describeRefusal(base, answer) };
      } catch (error) {
        return { kind: "unknown", why: `the lock server ${messageOf(error)}` };
      }
    },
    giveBack: async (id) => {
      try {
        const answer = await ask("steady-state", id);
        return answer.status === 200
          ? { kind: "given-back" }
          : { kind: "unknown", why: describeRefusal(base, answer) };
      } catch (error) {
        return { kind: "unknown", why: `the lock server ${messageOf(error)}` };
      }
    },
    newLease: async () => NO_LEASES,
    renew: async () => NO_LEASES,
    look: async () => ({
      kind: "unknown",
      why: "FleetLock has no question for who holds the slots; ask the server itself",
    }),
  };
}

const NO_LEASES = { kind: "unknown", why: "FleetLock knows no leases" } as const;

function describeRefusal(base: string, { status, text }: Answer): string {
  const said = v.safeParse(rejection, jsonIn(text));
  const words = said.success
    ? `${quoted(said.output.value)} (${quoted(said.output.kind)})`
    : `status ${status}, without a reason that FleetLock knows`;
  return `the lock server ${new URL(base).host}: ${words}`;
}
