import { memoryUnder } from "../../boot/volatile.ts";
import { eventEntry } from "../../core/record/journal-entry.ts";
import { Refusal } from "../../core/refusal.ts";
import { bootedAt } from "../../host/process/clock.ts";
import type { Host } from "../../host/process/host.ts";
import { unmountedAt } from "../../host/systemd/unmounted.ts";
import { pinnedAt, pinnedIds, unpin } from "../../state-dir/pins.ts";

/** Longer than scheduling takes, and longer than a boot needs to reach its resume unit. */
const YOUNG_MS = 600_000;

/** What follows if a finalization is lost: with rollouts, its pins stay until its group is told. */
export type WhenLost = "drop-pins" | "keep-pins";

const FOLLOWS: Record<WhenLost, string> = {
  "drop-pins": "Removes its garbage-collector roots",
  "keep-pins": "Its garbage-collector roots stay until its group is told",
};

/**
 * Drops the pins of a finalization that has no record and no timer. Pins of this boot may belong to
 * a scheduling that goes on, so they stay for a time. Pins from before this boot cannot.
 *
 * @returns `lost` if the finalization was pinned before this boot
 */
export async function dropPins(
  host: Host,
  stateDir: string,
  id: string,
  whenLost: WhenLost,
): Promise<"lost" | "dropped" | "young"> {
  if (await announceIfLost(host, stateDir, id, whenLost)) {
    if (whenLost === "drop-pins") unpin(host.paths, id);
    return "lost";
  }
  if (ageOfPins(host, id) === "young") return "young";
  unpin(host.paths, id);
  host.say(`${id} has no record; removes its garbage-collector roots`);
  return "dropped";
}

/** Whether a finalization without a record was pinned before this boot; then the journal names it. */
export async function announceIfLost(
  host: Host,
  stateDir: string,
  id: string,
  whenLost: WhenLost,
): Promise<boolean> {
  if (!pinnedIds(host.paths).includes(id) || ageOfPins(host, id) !== "of-former-boot") return false;
  const what = `${whatIsLost(host, stateDir, id)}. ${FOLLOWS[whenLost]}`;
  await host.journal.announce(eventEntry("record-lost", id, what));
  return true;
}

/** Drops the pins of a finalization without a record, unless a scheduling may go on. */
export function dropOldPins(host: Host, id: string): void {
  if (ageOfPins(host, id) !== "young") unpin(host.paths, id);
}

function ageOfPins(host: Host, id: string): "of-former-boot" | "old" | "young" {
  const pinned = pinnedAt(host.paths, id);
  const booted = bootedAt(host);
  if (booted !== null && pinned < booted) return "of-former-boot";
  return host.now().getTime() - pinned.getTime() < YOUNG_MS ? "young" : "old";
}

/** The file system of the state folder is not mounted, as in emergency mode. */
export class NotMounted extends Refusal {}

/**
 * A record that is out of reach is not lost.
 *
 * @throws NotMounted
 */
export async function requireMounted(host: Host, stateDir: string): Promise<void> {
  const unmounted = await unmountedAt(host, stateDir);
  if (unmounted === null) return;
  throw new NotMounted(
    `the state folder ${stateDir} cannot be read, because ${unmounted} is not mounted`,
  );
}

function whatIsLost(host: Host, stateDir: string, id: string): string {
  const memory = memoryUnder(host.paths, stateDir);
  const why = memory === null ? "" : `, which is on ${memory} and does not survive a reboot`;
  return (
    `${id} was scheduled before this boot and has no record in ${stateDir}${why}: its record is ` +
    `lost, and nothing verifies that deploy or rolls it back`
  );
}
