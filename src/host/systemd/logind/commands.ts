import type { Argv } from "../commands.ts";

const LOGIND = "org.freedesktop.login1";

/**
 * The inhibitors of shutdown, sleep and others: org.freedesktop.login1(5). It does not start logind,
 * because the bus waits 25 s for a logind that cannot start.
 */
export function listInhibitors(): Argv {
  const call = [LOGIND, "/org/freedesktop/login1", `${LOGIND}.Manager`, "ListInhibitors"];
  return ["busctl", "--json=short", "--auto-start=no", "call", ...call];
}

/** Whether a shutdown is under way, and which one is scheduled; it does not start logind either. */
export function showShutdown(): Argv {
  const manager = [LOGIND, "/org/freedesktop/login1", `${LOGIND}.Manager`];
  const properties = ["PreparingForShutdown", "ScheduledShutdown"];
  return ["busctl", "--json=short", "--auto-start=no", "get-property", ...manager, ...properties];
}

/** Whether logind is on the bus. */
export function hasLogind(): Argv {
  const bus = ["org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus"];
  return ["busctl", "--json=short", "call", ...bus, "NameHasOwner", "s", LOGIND];
}
