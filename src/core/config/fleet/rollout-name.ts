import type { Config } from "../config.ts";
import { groupOfFleet } from "./group.ts";
import { EXIT } from "../../outcome.ts";
import { printable } from "../../printable.ts";
import { Refusal } from "../../refusal.ts";

const MOST_CHARACTERS = 200;

/** Whether a text may name a rollout: it becomes a part of screens and of values in etcd. */
export function isRolloutName(text: string): boolean {
  const isLine = text === printable(text) && text === text.trim();
  return isLine && text !== "" && text.length <= MOST_CHARACTERS;
}

type Fleet = Pick<Config, "fleet" | "lock">;

/** @throws Refusal (usage) if `--rollout` is given, and is no name or has no use */
export function requireRolloutFlag({ fleet }: Fleet, flag: string | undefined): void {
  if (flag === undefined) return;
  if (fleet === null) {
    throw new Refusal(
      "--rollout: this host takes part in no rollouts, because fleet is not set. Set fleet, or leave out --rollout",
      EXIT.usage,
    );
  }
  if (!isRolloutName(flag)) {
    throw new Refusal(
      `--rollout: the name must have 1 to ${MOST_CHARACTERS} printable characters, and no blank at its ends`,
      EXIT.usage,
    );
  }
}

/**
 * The rollout of a deploy; null if this host takes part in none.
 *
 * @param name what somebody has called it; null for its revision
 * @throws Refusal if it has no name
 */
export function rolloutOf(
  { fleet, lock }: Fleet,
  name: string | null,
  revision: string | null,
): string | null {
  if (fleet === null) return null;
  const found = name ?? revision;
  if (found !== null && isRolloutName(found)) return found;
  const group = lock === null ? "" : ` of group ${groupOfFleet(fleet, lock)}`;
  const why =
    found === null
      ? "the target has no revision"
      : `its revision has more than ${MOST_CHARACTERS} characters`;
  throw new Refusal([
    `refusing to schedule: this host takes part in the rollouts${group}, and this deploy has no name for one: ${why}. Nothing was scheduled.`,
    "to name each deploy by its commit: set system.configurationRevision in the NixOS configuration",
    "to name this one: deploy-finalize schedule --rollout NAME, with the same name on every host of the group",
  ]);
}
