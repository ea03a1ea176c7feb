import * as v from "valibot";
import { jsonIn, quoted } from "../core/answer.ts";
import type { FleetLockConfig } from "../core/lock-config.ts";
import { messageOf } from "../core/refusal.ts";
import type { SlotServer } from "../core/slot-keeping.ts";
import { below, type HttpAnswer, jsonRequest, send } from "../host/http.ts";

/** How the protocol says no, whatever the content type of the answer: notes/fleetlock.md. */
const rejection = v.object({ kind: v.string(), value: v.string() });

/**
 * A server that speaks FleetLock: Airlock and others. The protocol knows two
 * requests, both of which may be repeated, and no way to ask who holds a slot.
 */
export function fleetLockServer(config: FleetLockConfig): SlotServer {
  return {
    take: async ({ id }) => {
      const said = await ask(config, "pre-reboot", id);
      return said.kind === "done" ? { kind: "held" } : said;
    },
    giveBack: async (id) => {
      const said = await ask(config, "steady-state", id);
      return said.kind === "done" ? { kind: "given-back" } : { kind: "unknown", why: said.why };
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

type Said =
  | { readonly kind: "done" }
  | { readonly kind: "refused"; readonly why: string }
  | { readonly kind: "unknown"; readonly why: string };

async function ask(
  config: FleetLockConfig,
  endpoint: "pre-reboot" | "steady-state",
  id: string,
): Promise<Said> {
  const { url, group, timeout: within } = config;
  const body = { client_params: { id, group } };
  const headers = { "fleet-lock-protocol": "true" };
  const request = jsonRequest("POST", below(url, `v1/${endpoint}`), body, headers);
  try {
    const answer = await send(request, { within, tls: config });
    if (answer.status === 200) return { kind: "done" };
    return { kind: "refused", why: describeRefusal(url, answer) };
  } catch (error) {
    return { kind: "unknown", why: `the lock server ${messageOf(error)}` };
  }
}

function describeRefusal(url: string, { status, text }: HttpAnswer): string {
  const said = v.safeParse(rejection, jsonIn(text));
  const words = said.success
    ? `${quoted(said.output.value)} (${quoted(said.output.kind)})`
    : `status ${status}, without a reason that FleetLock knows`;
  return `the lock server ${new URL(url).host}: ${words}`;
}
