import * as v from "valibot";
import { isPage, jsonAs, quoted } from "../core/answer.ts";
import type { FleetLockConfig, Reached } from "../core/config/lock-config.ts";
import { messageOf } from "../core/refusal.ts";
import type { SlotServer, Unknown } from "./slot-keeping.ts";
import { below, type HttpAnswer, jsonRequest, send } from "../host/network/http.ts";
import { unreadTlsOf } from "../host/network/tls-files.ts";

/** A refusal of the protocol, with any content type: notes/fleetlock.md. */
const rejection = v.object({ kind: v.string(), value: v.string() });

/**
 * A server that speaks FleetLock: Airlock and others. The protocol has two requests, both
 * repeatable, and no request for the holders of slots.
 */
export function fleetLockServer(config: Reached<FleetLockConfig>): SlotServer {
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
      why: "FleetLock has no request for the holders of the slots; ask the server itself",
    }),
  };
}

const NO_LEASES = { kind: "unknown", why: "FleetLock has no leases" } as const;

type Endpoint = "pre-reboot" | "steady-state";

type Said =
  | { readonly kind: "done" }
  | { readonly kind: "refused" | "unknown"; readonly why: string };

async function ask(
  config: Reached<FleetLockConfig>,
  endpoint: Endpoint,
  id: string,
): Promise<Said> {
  try {
    const answer = await post(config, endpoint, id, { "fleet-lock-protocol": "true" });
    // A login page or a proxy's own page is no slot.
    if (isGranted(answer)) return { kind: "done" };
    return { kind: "refused", why: describeRefusal(config.url, answer) };
  } catch (error) {
    return { kind: "unknown", why: whyNoAnswer(config, error) };
  }
}

/**
 * Whether the server grants a request without the header of the protocol, which every server of the
 * protocol refuses (notes/fleetlock.md). Asks it to give back a slot that nobody holds.
 */
export async function answersAnybody(
  config: Reached<FleetLockConfig>,
  id: string,
): Promise<{ readonly kind: "yes" | "no" } | Unknown> {
  try {
    const answer = await post(config, "steady-state", id, {});
    return { kind: isGranted(answer) ? "yes" : "no" };
  } catch (error) {
    return { kind: "unknown", why: whyNoAnswer(config, error) };
  }
}

/** A server is not to blame for a file that this host cannot read. */
function whyNoAnswer(config: Reached<FleetLockConfig>, error: unknown): string {
  const unread = config.url.startsWith("https:") ? unreadTlsOf(config) : null;
  return unread === null ? `the lock server ${messageOf(error)}` : `this host ${unread.message}`;
}

async function post(
  config: Reached<FleetLockConfig>,
  endpoint: Endpoint,
  id: string,
  headers: Readonly<Record<string, string>>,
): Promise<HttpAnswer> {
  const { url, group, timeout: within } = config;
  const body = { client_params: { id, group } };
  const request = jsonRequest("POST", below(url, `v1/${endpoint}`), body, headers);
  return await send(request, { within, tls: config, proxy: config.proxy });
}

function isGranted({ status, text }: HttpAnswer): boolean {
  return status === 200 && !isPage(text);
}

/** Why the server gives no slot, in words. */
export function describeRefusal(url: string, { status, text }: HttpAnswer): string {
  const said = jsonAs(rejection, text);
  const words =
    said === null
      ? `status ${status}, without a reason in the FleetLock format`
      : `${quoted(said.value)} (${quoted(said.kind)})`;
  return `the lock server ${new URL(url).host}: ${words}`;
}
