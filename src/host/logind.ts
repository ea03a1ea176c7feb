import { join } from "node:path";
import { readIfThere } from "./durable.ts";
import type { Paths } from "./paths.ts";

/** Whether a login session is in use; a closing one has lost its login and only has processes left. */
export type SessionState = "open" | "closing" | "gone";

/** A name that logind may give: digits, or `c` and digits. */
const SESSION_ID = /^[A-Za-z0-9]+$/;

/**
 * The login session that this process belongs to and whose end is to be waited for,
 * or null: a CI job and a service have none, and at a terminal sits a person who
 * may stay on for hours, perhaps to watch the very finalization.
 *
 * Read from the control group, which a process cannot leave by itself, unlike
 * XDG_SESSION_ID, which a terminal multiplexer or a runner may have kept from an
 * earlier login.
 */
export function findOwnSession(paths: Paths): string | null {
  if (hasTerminal(readIfThere(join(paths.processes, "self/stat")) ?? "")) return null;
  const id = sessionOfControlGroup(readIfThere(join(paths.processes, "self/cgroup")) ?? "");
  return id !== null && sessionState(paths, id) === "open" ? id : null;
}

/** Each line is `ID:CONTROLLERS:PATH`; the same in cgroup v1, v2 and hybrid: cgroups(7). */
export function sessionOfControlGroup(text: string): string | null {
  return /^[^\n]*\/session-([A-Za-z0-9]+)\.scope(?:\/|$)/m.exec(text)?.[1] ?? null;
}

/** proc_pid_stat(5): the program's name stands in parentheses and may hold any character. */
export function hasTerminal(stat: string): boolean {
  const [, , , , , terminal = "0"] = stat.slice(stat.lastIndexOf(")") + 1).split(" ");
  return !["", "0"].includes(terminal.trim()) && /^-?\d+$/.test(terminal);
}

/** @throws the error of reading, where logind's file is there but cannot be read */
export function sessionState(paths: Paths, id: string): SessionState {
  if (!SESSION_ID.test(id)) return "gone";
  const text = readIfThere(join(paths.loginSessions, id));
  if (text === null) return "gone";
  return /^STATE=closing$/m.test(text) ? "closing" : "open";
}
