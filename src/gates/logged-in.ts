import type { RebootConfig } from "../core/reboot-config.ts";
import { messageOf } from "../core/refusal.ts";
import { type LoggedIn, whoIsLoggedIn } from "../host/logged-in.ts";
import { pause } from "../host/pause.ts";
import { tellAll } from "../host/wall.ts";
import { type GateContext, type GateState, type LastGate, OPEN } from "./gate.ts";
import { nextChange } from "./watch.ts";

/**
 * Nobody is logged in at a terminal or a desktop, or whoever is has been told, and the time that
 * was given is over. It comes last, so that what is told is true: nothing else is waited for then.
 *
 * Unknown proceeds: this is courtesy, and logind tells people of the reboot all the same.
 */
export function loggedIn({ grace, message }: RebootConfig["sessions"]): LastGate {
  /** When it was told, and of what moment. */
  let told: { readonly rebootsAt: Date } | null = null;
  const look = async (context: GateContext): Promise<GateState> => {
    const { host, record } = context;
    try {
      if (told !== null && host.now() >= told.rebootsAt) return OPEN;
      const people = whoIsLoggedIn(host.paths, record.requester.sessionId);
      return people.length === 0 ? OPEN : { kind: "closed", why: whyClosed(people, told) };
    } catch (error) {
      return { kind: "unknown", why: messageOf(error) };
    }
  };
  const change = async (context: GateContext, signal: AbortSignal): Promise<void> => {
    const { host, record } = context;
    if (told === null) {
      told = { rebootsAt: new Date(host.now().getTime() + grace * 1000) };
      if (message !== null) {
        await tellAll(host, `${message}\n${detailsFor(record, told.rebootsAt, grace)}\n`);
      }
      return;
    }
    const left = Math.max(0, told.rebootsAt.getTime() - host.now().getTime());
    const over = new AbortController();
    const either = AbortSignal.any([signal, over.signal]);
    await Promise.race([
      pause(left, either),
      nextChange(host.paths.loginSessions, () => false, either),
    ]);
    over.abort();
  };
  const gate = {
    name: "logged-in users",
    whenUnknown: "proceed",
    atDeadline: "wait-on",
    look,
    change,
  } as const;
  // What has been said cannot be taken back; if it waits anew, it is said anew.
  const leave = (): void => {
    told = null;
  };
  return { gate, leave };
}

function whyClosed(people: readonly LoggedIn[], told: { readonly rebootsAt: Date } | null): string {
  const names = [...new Set(people.map(({ user }) => user))].join(", ");
  const be = names.includes(",") ? "are" : "is";
  const until = told === null ? "" : `; reboots at ${told.rebootsAt.toISOString()} all the same`;
  return `${names} ${be} logged in${until}`;
}

function detailsFor({ id, plan }: GateContext["record"], rebootsAt: Date, grace: number): string {
  const at = rebootsAt.toLocaleTimeString("en-GB");
  const when = grace === 0 ? "now" : `at ${at}, or as soon as nobody is logged in`;
  return `It does so ${when} (${plan.reason}). To stop it: deploy-finalize cancel ${id}`;
}
