import { printableLine } from "../../core/printable.ts";
import { eventEntry, stateEntry } from "../../core/record/journal-entry.ts";
import type { FinalizationRecord } from "../../core/record/record.ts";
import type { Host } from "../../host/process/host.ts";
import { describeEnd } from "../../host/process/spawn.ts";
import { toFinalizationJson } from "../../json/finalization.ts";

/** One run of a program of a hook. */
export interface HookRun {
  readonly hook: string;
  readonly stage: "before" | "after";
  readonly command: readonly string[];
  /** In seconds. */
  readonly timeout: number;
}

/** Null if it succeeded, or why not. Its process group is killed at its timeout, and by the signal. */
export async function runHook(
  host: Host,
  record: FinalizationRecord,
  { hook, stage, command, timeout }: HookRun,
  signal: AbortSignal,
): Promise<string | null> {
  const ended = await host.spawn(command, {
    env: environmentOf(record, hook, stage),
    input: `${JSON.stringify(toFinalizationJson(record))}\n`,
    signal,
    timeoutMs: timeout * 1000,
    streams: "ends",
  });
  return ended.exitCode === 0 ? null : printableLine(describeEnd(ended));
}

/** Named as the fields of the journal's entries are. */
function environmentOf(
  record: FinalizationRecord,
  hook: string,
  stage: HookRun["stage"],
): Readonly<Record<string, string>> {
  const { fields } = stateEntry(record);
  const ours = Object.entries(fields).filter(([name]) => /^DEPLOY_FINALIZE_(?!EVENT$)/.test(name));
  const own = { DEPLOY_FINALIZE_HOOK: hook, DEPLOY_FINALIZE_HOOK_STAGE: stage };
  // No program takes an environment with a NUL.
  const texts = ours.map(([name, value]) => [name, value.replaceAll("\0", "")] as const);
  return { ...Object.fromEntries(texts), ...own };
}

/** Says in the journal that a program of a hook has failed for good. */
export async function announceFailure(
  host: Host,
  { id }: Pick<FinalizationRecord, "id">,
  { hook, stage }: Pick<HookRun, "hook" | "stage">,
  words: string,
): Promise<void> {
  const own = { HOOK: hook, HOOK_STAGE: stage };
  await host.journal.announce(eventEntry("hook-failed", id, `hook ${hook}: ${words}`, own));
}
