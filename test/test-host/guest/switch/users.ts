import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { die, say } from "./say.ts";

/** For each user that logind lists, a child with the uid of the user updates the units. */
export function switchUsers(old: string, toplevel: string): "done" | "failed" {
  const listed = loginctl("list-users", "--output=json");
  if (listed.status !== 0) die(`Unable to list users with logind: ${listed.stderr.trim()}`);
  const users: { uid: number; user: string }[] = JSON.parse(listed.stdout || "[]");
  return users.map((user) => switchUser(user, old, toplevel)).every(Boolean) ? "done" : "failed";
}

function switchUser(
  { uid, user }: { uid: number; user: string },
  old: string,
  toplevel: string,
): boolean {
  const shown = loginctl("show-user", String(uid), "--property=GID", "--property=RuntimePath");
  const property = (name: string): string =>
    new RegExp(`^${name}=(.+)$`, "m").exec(shown.stdout)?.[1] ??
    die(`Failed to get ${name} for ${user}`);
  say(`reloading user units for ${user}...`);
  const { status } = spawnSync(process.execPath, [join(import.meta.dirname, "user.ts")], {
    stdio: "inherit",
    uid,
    gid: Number(property("GID")),
    env: { XDG_RUNTIME_DIR: property("RuntimePath"), OLD_TOPLEVEL: old, TOPLEVEL: toplevel },
  });
  if (status === 0) return true;
  say(`warning: user activation for ${user} failed`);
  return false;
}

function loginctl(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync("/usr/bin/loginctl", args, { encoding: "utf8" });
}
