import type { Entry } from "./entries.ts";

/**
 * The first version that counts boots reliably: older ones know no `preferred`, 259 counts only some
 * entries, 258.3 boots entries without tries left, and up to 257 the counter is part of the name of
 * an entry (notes/boot-loaders.md).
 */
const RELIABLE = 260;

/**
 * Why counters of boots are in the way; null if there are none, or if systemd-boot can be trusted
 * with them. Pure.
 *
 * @param loaderInfo the EFI variable LoaderInfo: `systemd-boot 262.1`
 */
export function countingObstacle(
  entries: readonly Pick<Entry, "id" | "triesLeft">[],
  loaderInfo: string | null,
): string | null {
  const counted = entries.find(({ triesLeft }) => triesLeft !== null);
  if (counted === undefined) return null;
  const version = /^systemd-boot (\d{1,6}\S*)/.exec(loaderInfo ?? "")?.[1] ?? "of unknown version";
  if (Number.parseInt(version, 10) >= RELIABLE) return null;
  return (
    `boots are counted (${counted.id}), and systemd-boot ${version} is not reliable at that: ` +
    `update it to ${RELIABLE} or newer (bootctl update)`
  );
}
