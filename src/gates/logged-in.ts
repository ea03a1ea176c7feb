import type { SessionsConfig } from "../core/config/schema-parts.ts";
import type { Plan } from "../core/decision/decision.ts";
import { type LoggedIn, whoIsLoggedIn } from "../host/systemd/logind/sessions.ts";
import { writeToTerminals } from "../host/process/terminals.ts";
import { pause } from "../host/process/time.ts";
import { type Gate, type GateContext, type GateState, looked, OPEN } from "./gate.ts";
import { nextChange } from "../host/process/watch.ts";

/** Those of the logged-in people whose session the act ends. */
export type Interrupted = (people: readonly LoggedIn[]) => Promise<readonly LoggedIn[]>;

/** A reboot ends every session. */
export const everybody: Interrupted = async (people) => people;

/** The warning that users have got. */
interface Warned {
  /** As it was told to them: the clock may be set meanwhile. */
  readonly actsAt: Date;
  /** When their grace time is over, in milliseconds of the host's elapsedMs. */
  readonly endMs: number;
}

/**
 * Nobody is logged in at a terminal or a desktop whose session the act ends, or they have been warned
 * and their grace time is over. It comes last, so that the warning is true: no other gate can delay the
 * act.
 *
 * Unknown proceeds: the warning is a courtesy, and logind announces a reboot anyway.
 */
export function loggedIn(
  { grace, message }: SessionsConfig,
  action: Plan["action"],
  interrupted: Interrupted,
): Gate {
  /** The warning that the users have got; null before it. */
  let warned: Warned | null = null;
  let peopleSeen: readonly LoggedIn[] = [];
  const look = async (context: GateContext): Promise<GateState> => {
    if (warned !== null && context.host.elapsedMs() >= warned.endMs) return OPEN;
    const people = await peopleWho(context, interrupted);
    peopleSeen = people;
    return people.length === 0 ? OPEN : { kind: "closed", why: whyClosed(people, action, warned) };
  };
  const change = async (context: GateContext, signal: AbortSignal): Promise<void> => {
    const { host, record } = context;
    if (warned === null) {
      const actsAt = new Date(host.now().getTime() + grace * 1000);
      warned = { actsAt, endMs: host.elapsedMs() + grace * 1000 };
      if (message !== null) {
        const text = `${message}\n${detailsFor(record, action, whenInWords(actsAt, grace))}\n`;
        const terminals = peopleSeen.flatMap((person) => person.terminals);
        writeToTerminals(host, text, terminals);
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
    look: async (context) => await looked(async () => await look(context)),
    change,
    leave,
  };
}

/** The others are not asked for: to find out whose session a switch ends costs a dry activation. */
export async function peopleWho(
  { host, record }: GateContext,
  interrupted: Interrupted,
): Promise<readonly LoggedIn[]> {
  const people = whoIsLoggedIn(host.paths, record.requester.sessionId);
  return people.length === 0 ? people : await interrupted(people);
}

function whyClosed(
  people: readonly LoggedIn[],
  action: Plan["action"],
  warned: Warned | null,
): string {
  const names = [...new Set(people.map(({ user }) => user))].join(", ");
  const be = names.includes(",") ? "are" : "is";
  const ends = action === "switch" ? ", and the switch may end the session" : "";
  const acts = action === "switch" ? "switches" : "reboots";
  const until = warned === null ? "" : `; ${acts} at ${warned.actsAt.toISOString()} anyway`;
  return `${names} ${be} logged in${ends}${until}`;
}

function whenInWords(at: Date, grace: number): string {
  const time = at.toLocaleTimeString("en-GB");
  return grace === 0 ? "now" : `at ${time}, or as soon as nobody is logged in`;
}

/** Whoever holds a block inhibitor puts it off; logind lets everybody at a desktop have one. */
const PUT_OFF = "systemd-inhibit --what=shutdown --mode=block sleep 1h";

function detailsFor(
  { id, plan }: GateContext["record"],
  action: Plan["action"],
  when: string,
): string {
  const act = action === "switch" ? `Switch ${when}` : `Reboot ${when} (${plan.reason})`;
  return `${act}. Root can stop it: deploy-finalize cancel ${id}\nTo put it off: ${PUT_OFF}`;
}
