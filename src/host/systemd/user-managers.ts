import { join } from "node:path";
import { listFolder } from "../files/durable.ts";
import type { Paths } from "../files/paths.ts";
import type { Host } from "../process/host.ts";
import { describeEnd } from "../process/spawn.ts";
import { listUnits, type Argv, showProperties } from "./commands.ts";
import { parseProperties } from "./units.ts";
import { userNameOf } from "./logind/sessions.ts";

/** A running systemd of one user: user@.service(5). */
export interface UserManager {
  readonly userId: number;
  readonly groupId: number;
  readonly user: string;
}

/** The users that have a control group for their manager. Starts no program. */
export function usersWithManager({ controlGroups }: Paths): number[] {
  const ids = controlGroups.flatMap((root) => {
    const slice = join(root, "user.slice");
    return listBelow(slice).flatMap((name) => {
      const id = /^user-(\d{1,10})\.slice$/.exec(name)?.[1];
      const isRunning = listBelow(join(slice, name)).includes(`user@${id}.service`);
      return id !== undefined && isRunning ? [Number(id)] : [];
    });
  });
  return [...new Set(ids)].toSorted((a, b) => a - b);
}

function listBelow(path: string): string[] {
  try {
    return listFolder(path);
  } catch {
    return [];
  }
}

/** @throws Error if systemd does not answer */
export async function activeManagers(
  host: Host,
  userIds: readonly number[],
  signal: AbortSignal,
): Promise<UserManager[]> {
  if (userIds.length === 0) return [];
  const units = userIds.map((id) => `user@${id}.service`);
  const argv = showProperties(["ActiveState", "UID", "GID"], units);
  const ended = await host.spawn(argv, { signal });
  if (ended.exitCode !== 0) throw new Error(describeEnd(ended));
  return parseProperties(ended.stdout).flatMap(({ ActiveState, UID, GID }) => {
    if (ActiveState !== "active" || !isId(UID) || !isId(GID)) return [];
    const userId = Number(UID);
    return [{ userId, groupId: Number(GID), user: userNameOf(host.paths, userId) }];
  });
}

function isId(text: string | undefined): text is string {
  return text !== undefined && /^\d{1,10}$/.test(text);
}

/** A unit's name in a list is foreign text: the user's manager answers, or whatever poses as it. */
const UNIT =
  /^([A-Za-z0-9:_.\\@-]{1,240}\.(?:service|socket|mount|automount|swap|target|path|timer|scope|slice|device)) /;

/**
 * The failed units of a user manager, without transient ones, which come and go. The question is
 * asked as the user, so that nothing that the user has prepared is run or read as root.
 *
 * @throws Error if the manager does not answer
 */
export async function failedUnitsOf(
  host: Host,
  manager: UserManager,
  signal: AbortSignal,
): Promise<string[]> {
  const listed = await ask(host, manager, listUnits(["failed"]), signal);
  const units = unitNamesIn(listed);
  if (units.length === 0) return [];
  const some = units.slice(0, MOST_ASKED);
  const shown = await ask(host, manager, showProperties(["Id", "Transient"], some), signal);
  const all = parseProperties(shown).filter((unit) => unit["Transient"] === "yes");
  const transient = new Set(all.map((unit) => unit["Id"]));
  return units.filter((unit) => !transient.has(unit));
}

/** The well-formed names in a list of units, one unit a line. */
export function unitNamesIn(text: string): string[] {
  return text.split("\n").flatMap((line) => UNIT.exec(line)?.[1] ?? []);
}

const MOST_ASKED = 100;
const MOST_OUTPUT = 1024 * 1024;

async function ask(
  host: Host,
  { userId, groupId }: UserManager,
  [program = "", ...args]: Argv,
  signal: AbortSignal,
): Promise<string> {
  const flood = new AbortController();
  let size = 0;
  const become = ["setpriv", `--reuid=${userId}`, `--regid=${groupId}`, "--clear-groups"];
  const ended = await host.spawn([...become, "--no-new-privs", program, "--user", ...args], {
    env: { XDG_RUNTIME_DIR: `/run/user/${userId}` },
    signal: AbortSignal.any([signal, flood.signal]),
    onOutput: (text) => {
      size += text.length;
      if (size > MOST_OUTPUT) flood.abort();
    },
  });
  if (ended.exitCode !== 0) throw new Error(describeEnd(ended));
  return ended.stdout;
}
