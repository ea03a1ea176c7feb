import type { RebootConfig } from "../core/config/config.ts";
import { type LoggedIn, whoIsLoggedIn } from "../host/systemd/logind/sessions.ts";
import { writeToTerminals } from "../host/process/terminals.ts";
import { pause } from "../host/process/time.ts";
import { type Gate, type GateContext, type GateState, looked, OPEN } from "./gate.ts";
import { nextChange } from "../host/process/watch.ts";

/** The warning that users have got. */
interface Warned {
  /** As it was told to them: the clock may be set meanwhile. */
  readonly rebootsAt: Date;
  /** When their grace time is over, in milliseconds of the host's elapsedMs. */
  readonly endMs: number;
}

/**
 * Nobody is logged in at a terminal or a desktop, or the users have been warned and their grace
 * time is over. It comes last, so that the warning is true: no other gate can delay the reboot.
 *
 * Unknown proceeds: the warning is a courtesy, and logind announces the reboot anyway.
 */
export function loggedIn({ grace, message }: RebootConfig["sessions"]): Gate {
  /** The warning that the users have got; null before it. */
  let warned: Warned | null = null;
  let peopleSeen: readonly LoggedIn[] = [];
  const look = ({ host, record }: GateContext): GateState => {
    if (warned !== null && host.elapsedMs() >= warned.endMs) return OPEN;
    const people = whoIsLoggedIn(host.paths, record.requester.sessionId);
    peopleSeen = people;
    return people.length === 0 ? OPEN : { kind: "closed", why: whyClosed(people, warned) };
  };
  const change = async (context: GateContext, signal: AbortSignal): Promise<void> => {
    const { host, record } = context;
    if (warned === null) {
      const rebootsAt = new Date(host.now().getTime() + grace * 1000);
      warned = { rebootsAt, endMs: host.elapsedMs() + grace * 1000 };
      if (message !== null) {
        const text = `${message}\n${detailsFor(record, warned.rebootsAt, grace)}\n`;
        await writeToTerminals(
          host,
          text,
          peopleSeen.flatMap(({ terminals }) => terminals),
        );
      }
      return;
    }
    const left = Math.max(0, warned.endMs - host.elapsedMs());
    const over = new AbortController();
    const either = AbortSignal.any([signal, over.signal]);
    await Promise.race([
      pause(left, either),
      nextChange(host.paths.loginSessions, () => false, either),
    ]);
    over.abort();
  };
  // After another wait the users are warned again.
  const leave = (): void => {
    warned = null;
  };
  return {
    name: "logged-in users",
    whenUnknown: "proceed",
    atDeadline: "wait-on",
    look: async (context) => await looked(() => look(context)),
    change,
    leave,
  };
}

function whyClosed(people: readonly LoggedIn[], warned: Warned | null): string {
  const names = [...new Set(people.map(({ user }) => user))].join(", ");
  const be = names.includes(",") ? "are" : "is";
  const until = warned === null ? "" : `; reboots at ${warned.rebootsAt.toISOString()} anyway`;
  return `${names} ${be} logged in${until}`;
}

function detailsFor({ id, plan }: GateContext["record"], rebootsAt: Date, grace: number): string {
  const at = rebootsAt.toLocaleTimeString("en-GB");
  const when = grace === 0 ? "now" : `at ${at}, or as soon as nobody is logged in`;
  return `Reboot ${when} (${plan.reason}). Root can stop it: deploy-finalize cancel ${id}`;
}
