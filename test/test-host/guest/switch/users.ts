import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { die, say } from "./say.ts";

/** For each user that logind lists, a child with the uid of the user updates the units. */
export function switchUsers(old: string, toplevel: string): "done" | "failed" {
  const listed = ask("call", LOGIND, MANAGER, `${LOGIND}.Manager`, "ListUsers");
  if (listed.status !== 0) die(`Unable to list users with logind: ${listed.stderr.trim()}`);
  const { data }: { data: [[uid: number, user: string, path: string][]] } = JSON.parse(
    listed.stdout,
  );
  return data[0]
    .map(([uid, user, path]) => switchUser({ uid, user, path }, old, toplevel))
    .every(Boolean)
    ? "done"
    : "failed";
}

const LOGIND = "org.freedesktop.login1";
const MANAGER = "/org/freedesktop/login1";

function switchUser(
  { uid, user, path }: { uid: number; user: string; path: string },
  old: string,
  toplevel: string,
): boolean {
  const shown = ask("get-property", LOGIND, path, `${LOGIND}.User`, "GID", "RuntimePath");
  if (shown.status !== 0) die(`Failed to get GID and RuntimePath for ${user}`);
  const [gid = 0, runtimePath = ""] = shown.stdout
    .trim()
    .split("\n")
    .map((line): string | number => JSON.parse(line).data);
  say(`reloading user units for ${user}...`);
  const { status } = spawnSync(process.execPath, [join(import.meta.dirname, "user.ts")], {
    stdio: "inherit",
    uid,
    gid: Number(gid),
    env: { XDG_RUNTIME_DIR: String(runtimePath), OLD_TOPLEVEL: old, TOPLEVEL: toplevel },
  });
  if (status === 0) return true;
  say(`warning: user activation for ${user} failed`);
  return false;
}

/** Over the bus, as the real one: the form of what loginctl prints differs between versions. */
function ask(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync("/usr/bin/busctl", ["--json=short", ...args], { encoding: "utf8" });
}
