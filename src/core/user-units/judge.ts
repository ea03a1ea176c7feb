import type { UserUnits } from "./schema.ts";

/** A user with more failed units than this is not examined: the list must stay readable. */
export const MOST_FAILED = 50;

/**
 * What has newly failed since the act. A user whose manager did not answer before the act is not
 * examined: its units may have been failed then.
 */
export function newlyFailed(before: UserUnits, now: UserUnits): UserUnits {
  const silent = before.unknown.filter(({ user }) => !now.unknown.some((one) => one.user === user));
  const unknown = [...now.unknown, ...silent];
  const known = new Set(before.failed.map(keyOf));
  const failed = now.failed.filter(
    (unit) => !known.has(keyOf(unit)) && !unknown.some(({ user }) => user === unit.user),
  );
  return { failed, unknown };
}

function keyOf({ user, unit }: UserUnits["failed"][number]): string {
  return `${user} ${unit}`;
}

const MOST_WORDS = 3;

/** `backup.service of anna, sync.service of anna and 2 more`; empty if none has failed. */
export function failedInWords({ failed }: UserUnits): string {
  const names = failed.slice(0, MOST_WORDS).map(({ user, unit }) => `${unit} of ${user}`);
  const rest = failed.length - names.length;
  return `${names.join(", ")}${rest > 0 ? ` and ${rest} more` : ""}`;
}

/** What follows on the words for a good end; nothing if nothing has failed for users. */
export function userUnitsSuffix(seen: UserUnits | null): string {
  if (seen === null) return "";
  const failed = seen.failed.length === 0 ? "" : `; user units failed: ${failedInWords(seen)}`;
  return `${failed}${troubleInWords(seen)
    .map((line) => `; ${line}`)
    .join("")}`;
}

/** What the switch said of users, a few lines of it. */
export function troubleInWords({ trouble = [] }: UserUnits): string[] {
  const lines = trouble.slice(0, MOST_WORDS).map((line) => line.replace(/^warning: /, ""));
  const more = trouble.length - lines.length;
  return more > 0 ? [...lines, `${more} more lines about users`] : lines;
}

/** With what the switch said; as it is if the switch said nothing. */
export function withTrouble(seen: UserUnits, trouble: readonly string[]): UserUnits {
  return trouble.length === 0 ? seen : { ...seen, trouble: [...trouble] };
}
