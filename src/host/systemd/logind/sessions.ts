import { join } from "node:path";
import { listFolder, readIfThere } from "../../files/durable.ts";
import type { Paths } from "../../files/paths.ts";
import { processesIn } from "../../files/control-group.ts";

/** The state of a login session; a closing session has only leftover processes. */
export type SessionState = "open" | "closing" | "gone";

/** logind's names of sessions: digits, or `c` and digits. */
const SESSION_ID = /^[A-Za-z0-9]+$/;

/**
 * The login session of this process, if the finalization has to wait for its end, or null: a CI job
 * and a service have no session, and a person at a terminal may stay for hours, perhaps to watch
 * this finalization.
 *
 * It comes from the control group, which a process cannot leave by itself. XDG_SESSION_ID may be left
 * over from an earlier login, in a terminal multiplexer or a runner.
 */
export function findOwnSession(paths: Paths): string | null {
  if (hasTerminal(readIfThere(join(paths.processes, "self/stat")) ?? "")) return null;
  const id = sessionOfControlGroup(readIfThere(join(paths.processes, "self/cgroup")) ?? "");
  return id !== null && sessionState(paths, id) === "open" ? id : null;
}

/** Each line is `ID:CONTROLLERS:PATH`; the same in cgroup v1, v2 and hybrid: cgroups(7). */
export function sessionOfControlGroup(text: string): string | null {
  for (const line of text.split("\n")) {
    const id = [...line.matchAll(/\/session-([A-Za-z0-9]+)\.scope(?=\/|$)/g)].at(-1)?.[1];
    if (id !== undefined) return id;
  }
  return null;
}

/** proc_pid_stat(5): the program's name is in parentheses and may contain any character. */
export function hasTerminal(stat: string): boolean {
  return terminalIn(stat) !== 0;
}

/** The number of the terminal's device; 0 for none. */
function terminalIn(stat: string): number {
  const [, , , , , terminal = "0"] = stat.slice(stat.lastIndexOf(")") + 1).split(" ");
  return /^-?\d+$/.test(terminal.trim()) ? Number(terminal) : 0;
}

/** @throws the read error if logind's file exists but cannot be read */
export function sessionState(paths: Paths, id: string): SessionState {
  if (!SESSION_ID.test(id)) return "gone";
  const text = readIfThere(join(paths.loginSessions, id));
  if (text === null) return "gone";
  return /^STATE=closing$/m.test(text) ? "closing" : "open";
}

/** A user logged in at a terminal or a desktop. */
export interface LoggedIn {
  readonly session: string;
  readonly user: string;
  /** The device numbers of terminals of which no login is left, so that wall(1) may not know them. */
  readonly terminals: readonly number[];
}

/** org.freedesktop.login1(5): the graphical types of sessions. */
const DESKTOPS = new Set(["x11", "wayland", "mir", "web"]);

/**
 * The users logged in interactively: at a desktop, or with a process that has a terminal. A command
 * run over SSH has none. In a closing session the login has ended, but mosh, for one, goes on there
 * with a person at its terminal: so only the processes count.
 *
 * @param except the session that asked for the finalization
 * @throws the read error if logind's files exist but cannot be read
 */
export function whoIsLoggedIn(paths: Paths, except: string | null): LoggedIn[] {
  const sessions = listFolder(paths.loginSessions).filter((name) => /^[A-Za-z0-9]+$/.test(name));
  return sessions.flatMap((session) => {
    const text = session === except ? null : readIfThere(join(paths.loginSessions, session));
    if (text === null) return [];
    const fields = fieldsIn(text);
    const isPerson = (fields.get("CLASS") ?? "user").startsWith("user");
    const state = fields.get("STATE") === "closing" ? "closing" : "open";
    if (!isPerson || (state === "open" && !isInteractive(paths, fields))) return [];
    const terminals = state === "closing" ? terminalsOf(paths, fields) : [];
    if (state === "closing" && terminals.length === 0) return [];
    return [{ session, user: fields.get("USER") ?? "somebody", terminals }];
  });
}

function isInteractive(paths: Paths, fields: ReadonlyMap<string, string>): boolean {
  if (DESKTOPS.has(fields.get("TYPE") ?? "")) return true;
  // logind sets no TTY= for a login over SSH, so its processes decide.
  return (fields.get("TTY") ?? "") !== "" || terminalsOf(paths, fields).length > 0;
}

/** The numbers of the terminals that the processes of a session have. */
function terminalsOf(paths: Paths, fields: ReadonlyMap<string, string>): number[] {
  const group = `/user.slice/user-${fields.get("UID") ?? ""}.slice/${fields.get("SCOPE") ?? ""}`;
  const numbers = processesOf(paths, group).map((id) =>
    terminalIn(readIfThere(join(paths.processes, String(id), "stat")) ?? ""),
  );
  return [...new Set(numbers)].filter((number) => number !== 0);
}

function processesOf(paths: Paths, group: string): number[] {
  try {
    return processesIn(paths, group);
  } catch {
    // The group has ended, or is not where systemd puts it: no known user is there.
    return [];
  }
}

/** The fields of logind's file of a session, one a line. */
export function fieldsIn(text: string): Map<string, string> {
  return new Map(text.split("\n").map((line) => splitAt(line, "=")));
}

function splitAt(line: string, separator: string): [string, string] {
  const at = line.indexOf(separator);
  return at === -1 ? [line, ""] : [line.slice(0, at), line.slice(at + 1)];
}

/** The name of a user who is logged in or lingers, as logind keeps it; else `UID 1000`. */
export function userNameOf({ loginUsers }: Paths, userId: number): string {
  return nameIn(readState(join(loginUsers, String(userId)))) ?? `UID ${userId}`;
}

/** The name in logind's file of a user; null if it has no well-formed one. */
export function nameIn(text: string): string | null {
  const name = /^NAME=(.*)$/m.exec(text)?.[1] ?? "";
  return /^[\w.][\w.@+-]{0,63}\$?$/.test(name) ? name : null;
}

function readState(path: string): string {
  try {
    return readIfThere(path) ?? "";
  } catch {
    return "";
  }
}
