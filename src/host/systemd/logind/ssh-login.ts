import { join } from "node:path";
import { ownControlGroups } from "../../files/control-group.ts";
import { readIfThere } from "../../files/durable.ts";
import type { Paths } from "../../files/paths.ts";
import { grepVariables } from "../../files/processes.ts";
import { beganAt } from "../../process/clock.ts";
import type { Host } from "../../process/host.ts";
import { fieldsIn, sessionOfControlGroup, sessionState } from "./sessions.ts";

/** The SSH connection over which this process was called, or why there is none that proves anything. */
export type SshLogin =
  | {
      readonly kind: "login";
      /** The address of the other end. */
      readonly from: string;
      /** When the connection began, in seconds since the boot. */
      readonly began: number;
    }
  | { readonly kind: "none"; readonly why: string };

/**
 * A connection has a process of sshd of its own, which begins when the connection is accepted. All
 * sessions over it are below that process, also those that a client multiplexes later. A process that
 * has left it, as nohup does, is still in the session of the login, whose leader it is.
 *
 * @param own the addresses of this host: a login from one of them proves nothing
 */
export async function findSshLogin(
  host: Pick<Host, "paths" | "spawn">,
  own: readonly string[],
): Promise<SshLogin> {
  const { paths } = host;
  const found = connectionAbove(paths) ?? connectionOfSession(paths);
  if (found === null) return { kind: "none", why: "this call did not come over SSH" };
  const began = beganAt(paths, found.server);
  if (began === null) return { kind: "none", why: "the start of its SSH connection is unknown" };
  const ends = await readEnds(host, found.called);
  if (ends === null) return { kind: "none", why: "the other end of its SSH connection is unknown" };
  const { from, to } = ends;
  return isLoopback(from) || [to, ...own].map(plain).includes(plain(from))
    ? { kind: "none", why: `its SSH connection comes from this host itself (${from})` }
    : { kind: "login", from, began };
}

/** By their process ids. */
interface Connection {
  readonly server: number;
  /** What the server has started for it: its environment tells of the connection. */
  readonly called: number;
}

/** More than any chain of shells and sudo has. */
const MOST_ANCESTORS = 64;

/**
 * The nearest process of sshd above this one that runs as root: below it may be one that runs as the
 * user and began after the authentication, above it is the one that listens.
 */
function connectionAbove(paths: Paths): Connection | null {
  let called: number | null = null;
  let seen = readProcess(paths, "self");
  for (let count = 0; seen !== null && seen.parent > 1 && count < MOST_ANCESTORS; count++) {
    const parent = readProcess(paths, String(seen.parent));
    if (parent !== null && SERVERS.has(parent.name)) {
      called ??= seen.id;
      if (isRoot(paths, parent.id)) return { server: parent.id, called };
    }
    seen = parent;
  }
  return null;
}

/** OpenSSH 9.8 gave the processes of connections a name of their own. */
const SERVERS = new Set(["sshd", "sshd-session"]);

interface ProcessSeen {
  readonly id: number;
  readonly name: string;
  readonly parent: number;
}

/** proc_pid_stat(5): id, name in parentheses, state, parent. */
function readProcess(paths: Paths, id: string): ProcessSeen | null {
  return processIn(readIfThere(join(paths.processes, id, "stat")) ?? "");
}

export function processIn(stat: string): ProcessSeen | null {
  const [, own = "", name = "", parent = ""] = /^(\d+) \((.*)\) \S (\d+) /s.exec(stat) ?? [];
  return own === "" ? null : { id: Number(own), name, parent: Number(parent) };
}

/** The owner of its folder does not tell: it is root for every process that hides its memory. */
function isRoot(paths: Paths, id: number): boolean {
  return /^Uid:\t0\t/m.test(readIfThere(join(paths.processes, String(id), "status")) ?? "");
}

function connectionOfSession(paths: Paths): Connection | null {
  const id = sessionOfControlGroup(ownControlGroups(paths));
  // The leader of a session that closes has ended, and its id may be another process's.
  if (id === null || sessionState(paths, id) !== "open") return null;
  const fields = fieldsIn(readIfThere(join(paths.loginSessions, id)) ?? "");
  const leader = Number(fields.get("LEADER") ?? "");
  const self = readProcess(paths, "self");
  const isRemote = fields.get("REMOTE") === "1" && Number.isSafeInteger(leader) && leader > 0;
  return isRemote && self !== null ? { server: leader, called: self.id } : null;
}

interface Ends {
  readonly from: string;
  readonly to: string;
}

/** ssh(1): SSH_CONNECTION has the client's address and port, then the server's. */
async function readEnds(
  { paths, spawn }: Pick<Host, "paths" | "spawn">,
  id: number,
): Promise<Ends | null> {
  const { stdout } = await spawn(grepVariables(paths, id, ["SSH_CONNECTION"]));
  return endsIn(stdout);
}

/** The addresses of both ends, in a variable of an environment. */
export function endsIn(variable: string): Ends | null {
  const [, from, to] = /^SSH_CONNECTION=([\w.:%]+) \d+ ([\w.:%]+) \d+\0?$/.exec(variable) ?? [];
  return from === undefined || to === undefined ? null : { from, to };
}

function isLoopback(address: string): boolean {
  return address === "::1" || plain(address).startsWith("127.");
}

/** Without the interface of a link-local address, and IPv4 as such. */
function plain(address: string): string {
  return address.replace(/%.*$/s, "").replace(/^::ffff:/, "");
}
