import { nearest } from "../../nearest.ts";

/** A time zone, such as Europe/Berlin or CET; a calendar may end with its name. */
const ZONE = /^[A-Z][\w+/-]*$/;

/** A host also knows its own zone by its short names, which are files nowhere. */
const SHORT = /^[A-Z]{3,5}$/;

/** A zone that every host with time zones knows. */
export const KNOWN_ZONE = "Europe/Berlin";

/** A calendar expression without its time zone. */
export interface Zoned {
  readonly calendar: string;
  readonly zone: string;
}

/** Null if the expression has no time zone. */
export function zonedOf(start: string): Zoned | null {
  const end = start.lastIndexOf(" ");
  const zone = start.slice(end + 1);
  return end !== -1 && ZONE.test(zone) ? { calendar: start.slice(0, end).trimEnd(), zone } : null;
}

/**
 * Why systemd, which has refused a zone here, refuses it everywhere; null if a host may know it. The names
 * that Node has count, because the sandbox of a build has no time zones, and other machines may lack the older
 * names; but those of Node may be older than those of a host.
 *
 * @param zones whether systemd knows time zones here
 */
export function zoneProblem(zone: string, zones: "known" | "none"): string | null {
  if (SHORT.test(zone)) return null;
  const names = Intl.supportedValuesOf("timeZone");
  const meant =
    names.find((name) => name.toLowerCase() === zone.toLowerCase()) ?? nearest(zone, names);
  if (meant === zone || isLink(zone, names)) return null;
  if (meant === null && zones === "none") return null;
  const hint =
    meant === null ? "systemd takes those of timedatectl list-timezones" : `Did you mean ${meant}?`;
  return `has an unknown time zone: ${zone}. ${hint}`;
}

/** An older name, which leads to another one; Node takes names in any case. */
function isLink(zone: string, names: readonly string[]): boolean {
  if (names.some((name) => name.toLowerCase() === zone.toLowerCase())) return false;
  try {
    return new Intl.DateTimeFormat("en", { timeZone: zone }) instanceof Intl.DateTimeFormat;
  } catch {
    return false;
  }
}
