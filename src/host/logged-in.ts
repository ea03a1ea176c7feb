import { join } from "node:path";
import { processesIn } from "./control-group.ts";
import { listFolder, readIfThere } from "./durable.ts";
import { hasTerminal } from "./logind.ts";
import type { Paths } from "./paths.ts";

/** Somebody who sits at a terminal or a desktop. */
export interface LoggedIn {
  readonly session: string;
  readonly user: string;
}

/** org.freedesktop.login1(5): kinds of sessions that are shown on a screen. */
const DESKTOPS = new Set(["x11", "wayland", "mir", "web"]);

/**
 * Who is logged in interactively: at a desktop, or with a process that has a terminal. A command
 * that is run over SSH has none. A session that is closing does not count.
 *
 * @param except the session that asked for the finalization
 * @throws the error of reading, where logind's files are there but cannot be read
 */
export function whoIsLoggedIn(paths: Paths, except: string | null): LoggedIn[] {
  const sessions = listFolder(paths.loginSessions).filter((name) => /^[A-Za-z0-9]+$/.test(name));
  return sessions.flatMap((session) => {
    const text = session === except ? null : readIfThere(join(paths.loginSessions, session));
    if (text === null) return [];
    const fields = new Map(text.split("\n").map((line) => splitAt(line, "=")));
    const isPerson = (fields.get("CLASS") ?? "user").startsWith("user");
    if (!isPerson || fields.get("STATE") === "closing" || !isInteractive(paths, fields)) return [];
    return [{ session, user: fields.get("USER") ?? "somebody" }];
  });
}

function isInteractive(paths: Paths, fields: ReadonlyMap<string, string>): boolean {
  if (DESKTOPS.has(fields.get("TYPE") ?? "")) return true;
  // TTY= is not told for a login by SSH, so its processes are looked at.
  if ((fields.get("TTY") ?? "") !== "") return true;
  const group = `/user.slice/user-${fields.get("UID") ?? ""}.slice/${fields.get("SCOPE") ?? ""}`;
  return processesOf(paths, group).some((id) =>
    hasTerminal(readIfThere(join(paths.processes, String(id), "stat")) ?? ""),
  );
}

function processesOf(paths: Paths, group: string): number[] {
  try {
    return processesIn(paths, group);
  } catch {
    // Gone meanwhile, or in another place than systemd's: nobody who is known to sit there.
    return [];
  }
}

function splitAt(line: string, separator: string): [string, string] {
  const at = line.indexOf(separator);
  return at === -1 ? [line, ""] : [line.slice(0, at), line.slice(at + 1)];
}
