import type { Decision } from "./decision.ts";
import type { FinalizationRecord } from "./record.ts";
import { hasBegunToAct, isTerminal } from "./states.ts";

export interface Warning {
  readonly kind: string;
  readonly text: string;
  /** When it happened; null for what is so now. */
  readonly at: string | null;
}

/** A file system that the boot loader writes to. */
export interface BootFileSystem {
  readonly folder: string;
  readonly freeBytes: number;
}

export interface Circumstances {
  readonly decision: Decision;
  readonly target: string;
  readonly current: { readonly toplevel: string | null; readonly generation: number | null };
  /** Where the profile is, and its newest generation. */
  readonly generation: number | null;
  readonly newestGeneration: number | null;
  readonly reboot: "allowed" | "forbidden";
  /** Newest first; those that this user may read. */
  readonly records: readonly FinalizationRecord[];
  readonly bootFileSystems: readonly BootFileSystem[];
  /** What kernel and initrd of the target take. */
  readonly bootBytes: number;
}

/** What an operator should know before it is done. Pure. */
export function warningsOf(seen: Circumstances): Warning[] {
  return [
    ...aboutTheDecision(seen),
    ...aboutTheWayBack(seen),
    ...seen.records.flatMap(aboutUnfinished),
    ...aboutTheTarget(seen),
    ...aboutTheProfile(seen),
    ...aboutSpace(seen),
  ];
}

function aboutTheDecision({ decision, reboot, current, target }: Circumstances): Warning[] {
  if (decision.action === "reboot" && reboot === "forbidden") {
    const text = "reboots are not allowed (reboot.allow): it would end as failed";
    return [now("reboot-forbidden", text)];
  }
  if (decision.action === "switch" && decision.changed.length > 0) {
    const left = decision.changed.join(", ");
    const text = `no reboot is allowed (reboot.allow): ${left} would stay as booted, the rest goes live`;
    return [now("reboot-left", text)];
  }
  return current.toplevel === target && decision.action === "switch"
    ? [now("nothing-to-do", "nothing to do: the target is the running system already")]
    : [];
}

function aboutTheWayBack({ current, target }: Circumstances): Warning[] {
  if (current.toplevel === null) {
    return [now("no-way-back", "the running system is unknown, so there is nothing to go back to")];
  }
  if (current.generation !== null || current.toplevel === target) return [];
  const text = "no generation of the profile holds the running system: going back makes a new one";
  return [now("no-previous-generation", text)];
}

function aboutUnfinished({ id, state }: FinalizationRecord): Warning[] {
  if (isTerminal(state)) return [];
  const then = hasBegunToAct(state) ? "a new one would wait for it" : "a new one would replace it";
  return [now("unfinished", `finalization ${id} is ${state}: ${then}`)];
}

function aboutTheTarget({ records, target }: Circumstances): Warning[] {
  const last = records.find(
    (record) =>
      record.target === target && ["live", "rolled-back", "failed"].includes(record.state),
  );
  if (last === undefined || last.state === "live") return [];
  const how = last.state === "failed" ? "failed" : "was rolled back";
  const text = `this very target ${how} before: ${last.outcome?.reason ?? "nobody knows why"} (${last.id})`;
  return [{ kind: "went-wrong-before", text, at: last.timeline.at(-1)?.at ?? null }];
}

function aboutTheProfile({ generation, newestGeneration }: Circumstances): Warning[] {
  if (generation === null || newestGeneration === null || generation >= newestGeneration) return [];
  const text = `the profile is at generation ${generation}, not at the newest, ${newestGeneration}`;
  return [now("older-generation", text)];
}

function aboutSpace({ bootFileSystems, bootBytes }: Circumstances): Warning[] {
  const tight = bootFileSystems.filter(({ freeBytes }) => freeBytes < bootBytes);
  return tight.map(({ folder, freeBytes }) => {
    const [free, needed] = [freeBytes, bootBytes].map(inMebibytes);
    return now("boot-full", `${folder} has ${free} left; a kernel and its initrd take ${needed}`);
  });
}

function inMebibytes(bytes: number): string {
  return `${(bytes / 1024 ** 2).toFixed(1)} MiB`;
}

function now(kind: string, text: string): Warning {
  return { kind, text, at: null };
}
