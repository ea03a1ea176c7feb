import * as v from "valibot";
import { jsonAs } from "../../../core/answer.ts";
import { messageOf } from "../../../core/refusal.ts";
import { listFolder } from "../../files/durable.ts";
import type { Host } from "../../process/host.ts";
import { outputOf } from "../../process/spawn.ts";
import * as commands from "./commands.ts";

/** A program's inhibitor of a shutdown, a sleep or others. */
export interface Inhibitor {
  /** A list of `shutdown`, `sleep`, `idle`, …, joined by colons. */
  readonly what: string;
  readonly who: string;
  readonly why: string;
  readonly mode: string;
  readonly processId: number;
}

/** org.freedesktop.login1(5): what, who, why, mode, user id, process id. */
const number = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const inhibitor = v.tuple([v.string(), v.string(), v.string(), v.string(), number, number]);
const answer = v.object({ data: v.tuple([v.array(inhibitor)]) });

const owned = v.object({ data: v.tuple([v.boolean()]) });

/** `none-runs`: logind does not run and has left no inhibitor, so that there can be none. */
export type Inhibitors =
  | { readonly kind: "listed"; readonly list: readonly Inhibitor[] }
  | { readonly kind: "none-runs" };

/** @throws Error if logind runs and does not answer, or not in the documented form */
export async function listInhibitors(host: Host): Promise<Inhibitors> {
  const ended = await host.spawn(commands.listInhibitors());
  if (ended.exitCode !== 0 && (await isAbsent(host))) return { kind: "none-runs" };
  return { kind: "listed", list: parseInhibitors(outputOf(ended)) };
}

/**
 * Whether logind is not on the bus, and its folder of inhibitors is empty: a logind that is just
 * restarted keeps them there.
 */
async function isAbsent(host: Host): Promise<boolean> {
  if (listFolder(host.paths.inhibitors).length > 0) return false;
  const ended = await host.spawn(commands.hasLogind());
  return ended.exitCode === 0 && jsonAs(owned, ended.stdout)?.data[0] === false;
}

/** `delay`: the shutdown is under way, and logind waits a while for the program. */
export function holdsShutdown({ what, mode }: Inhibitor, wanted: "block" | "delay"): boolean {
  return mode === wanted && what.split(":").includes("shutdown");
}

export function inhibitorInWords({ who, why, processId }: Inhibitor): string {
  return `${who} (process ${processId}): ${why}`;
}

/** @throws Error that says that the list cannot be read */
export function parseInhibitors(text: string): Inhibitor[] {
  try {
    const [list] = v.parse(answer, JSON.parse(text)).data;
    return list.map(([what, who, why, mode, , processId]) => ({ what, who, why, mode, processId }));
  } catch (error) {
    throw new Error(`cannot read the list of inhibitors: ${messageOf(error)}`, { cause: error });
  }
}

/** Whether a reboot respects the programs that block the shutdown. */
export type OnInhibitors = "respected" | "overridden";
