import { join } from "node:path";
import { listFolder, readIfThere } from "../../files/durable.ts";
import type { Paths } from "../../files/paths.ts";
import { ownControlGroups, processesIn } from "../../files/control-group.ts";

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
  const id = sessionOfControlGroup(ownControlGroups(paths));
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
  /** All terminals of the user, named as in /dev. */
  readonly terminals: readonly string[];
  /** The units whose stop ends the session. */
  readonly units: readonly string[];
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
    const isThere = state === "open" ? isInteractive(paths, fields) : hasTerminals(paths, fields);
    if (!isPerson || !isThere) return [];
    const terminals = terminalsOf(paths, fields);
    const user = fields.get("USER") ?? "somebody";
    return [{ session, user, terminals, units: unitsOf(fields) }];
  });
}

function isInteractive(paths: Paths, fields: ReadonlyMap<string, string>): boolean {
  if (DESKTOPS.has(fields.get("TYPE") ?? "")) return true;
  // logind sets no TTY= for a login over SSH, so its processes decide.
  return (fields.get("TTY") ?? "") !== "" || hasTerminals(paths, fields);
}

/** Whatever display manager a host has: as NixOS, and as its own package names it. */
const DISPLAY_MANAGERS = [
  "display-manager.service",
  "cosmic-greeter.service",
  "gdm.service",
  "greetd.service",
  "lightdm.service",
  "ly.service",
  "plasmalogin.service",
  "sddm.service",
];

/** The scope of the session and what holds it, and the program that has started it. */
function unitsOf(fields: ReadonlyMap<string, string>): string[] {
  const [scope, uid, tty] = ["SCOPE", "UID", "TTY"].map((key) => fields.get(key) ?? "");
  const holders = [scope ?? "", `user@${uid}.service`, `user-${uid}.slice`, "user.slice"];
  if (DESKTOPS.has(fields.get("TYPE") ?? "")) return [...holders, ...DISPLAY_MANAGERS];
  // A login over SSH goes on without its server.
  const isConsole = /^tty\d+$/.test(tty ?? "");
  return isConsole ? [...holders, `getty@${tty}.service`, `autovt@${tty}.service`] : holders;
}

function hasTerminals(paths: Paths, fields: ReadonlyMap<string, string>): boolean {
  const scope = `${sliceOf(fields)}/${fields.get("SCOPE") ?? ""}`;
  return terminalNumbers(paths, scope).length > 0;
}

/** Of all processes of the user: the windows of a desktop are not in the scope of its session. */
function terminalsOf(paths: Paths, fields: ReadonlyMap<string, string>): string[] {
  const own = fields.get("TTY") ?? "";
  const pseudo = terminalNumbers(paths, sliceOf(fields)).flatMap(pseudoTerminal);
  return [...(TERMINAL.test(own) ? [own] : []), ...pseudo];
}

/** What logind has as TTY=, without `/dev/`. */
const TERMINAL = /^(pts\/)?\w+$/;

function sliceOf(fields: ReadonlyMap<string, string>): string {
  return `/user.slice/user-${fields.get("UID") ?? ""}.slice`;
}

/** The numbers of the terminals that the processes in a control group have. */
function terminalNumbers(paths: Paths, group: string): number[] {
  const numbers = processesOf(paths, group).map((id) =>
    terminalIn(readIfThere(join(paths.processes, String(id), "stat")) ?? ""),
  );
  return [...new Set(numbers)].filter((number) => number !== 0);
}

/** devices.txt of the kernel: 136 to 143 are the pseudo terminals, 256 each. */
const FIRST_PTS_MAJOR = 136;
const PTS_MAJORS = 8;

/** The name of a pseudo terminal. */
function pseudoTerminal(number: number): string[] {
  const major = (number >> 8) & 0xfff;
  const minor = (number & 0xff) | ((number >> 12) & 0xfff00);
  const isPseudo = major >= FIRST_PTS_MAJOR && major < FIRST_PTS_MAJOR + PTS_MAJORS;
  return isPseudo ? [`pts/${(major - FIRST_PTS_MAJOR) * 256 + minor}`] : [];
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
