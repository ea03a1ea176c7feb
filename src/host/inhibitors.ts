import * as v from "valibot";
import { messageOf } from "../core/refusal.ts";
import type { Host } from "./host.ts";
import { describeEnd } from "./spawn.ts";
import * as commands from "./systemd-commands.ts";

/** Something that a program wants to be done, or left, before a shutdown, a sleep and others. */
export interface Inhibitor {
  /** A list of `shutdown`, `sleep`, `idle`, …, joined by colons. */
  readonly what: string;
  readonly who: string;
  readonly why: string;
  readonly mode: string;
  readonly processId: number;
}

/** org.freedesktop.login1(5): what, who, why, mode, user id, process id. */
const inhibitor = v.tuple([v.string(), v.string(), v.string(), v.string(), v.number(), v.number()]);
const answer = v.object({ data: v.tuple([v.array(inhibitor)]) });

/** @throws Error where logind does not answer, or not in words that are known */
export async function listInhibitors(host: Host): Promise<Inhibitor[]> {
  const ended = await host.spawn(commands.listInhibitors());
  if (ended.exitCode !== 0) throw new Error(describeEnd(ended));
  return parseInhibitors(ended.stdout);
}

function parseInhibitors(text: string): Inhibitor[] {
  try {
    const [list] = v.parse(answer, JSON.parse(text)).data;
    return list.map(([what, who, why, mode, , processId]) => ({ what, who, why, mode, processId }));
  } catch (error) {
    throw new Error(`cannot read the list of inhibitors: ${messageOf(error)}`, { cause: error });
  }
}
