import * as v from "valibot";
import { jsonIn } from "../../core/answer.ts";
import { readIfThere } from "../files/durable.ts";
import type { Host } from "../process/host.ts";
import { describeEnd } from "../process/spawn.ts";
import { showBootActivation } from "./journal-commands.ts";

/** What the activation at a boot left in the logs (notes/activation-at-boot.md). */
export type BootActivation =
  | { readonly kind: "known"; readonly failedSnippets: readonly string[] }
  | { readonly kind: "unknown"; readonly why: string };

/** A journal that does not answer within this time tells nothing. */
const DEADLINE_MS = 10_000;

const BEGIN = "running activation script...";
const FAILED = /^Activation script snippet '(.+)' failed \(\d+\)$/;

/** Looks in the journal for the activation of a boot. For this boot, a container has only a file. */
export async function lookAtBootActivation(
  host: Host,
  bootId: string,
  which: "this-boot" | "earlier-boot",
): Promise<BootActivation> {
  const ended = await host.spawn(showBootActivation(bootId), { timeoutMs: DEADLINE_MS });
  const told = ended.exitCode === 0 ? activationInJournal(ended.stdout) : null;
  if (told !== null) return told;
  const log = which === "this-boot" ? (readIfThere(host.paths.stage2Log) ?? "") : "";
  return (
    activationIn(log.split("\n")) ?? {
      kind: "unknown",
      why: ended.exitCode === 0 ? "the journal has no log of the activation" : describeEnd(ended),
    }
  );
}

/** The same of what `journalctl --output=json` prints. */
export function activationInJournal(text: string): BootActivation | null {
  return activationIn(trustedLines(text));
}

/** Null if these lines are no log of an activation: it may be lost. */
export function activationIn(lines: readonly string[]): BootActivation | null {
  if (!lines.includes(BEGIN)) return null;
  const failed = lines.flatMap((line) => FAILED.exec(line)?.[1] ?? []);
  return { kind: "known", failedSnippets: [...new Set(failed)] };
}

const entrySchema = v.object({
  MESSAGE: v.string(),
  _TRANSPORT: v.optional(v.string()),
  _UID: v.optional(v.string()),
});

/** Any user may write entries with any identifier. Only root writes to the kernel's log. */
function trustedLines(journal: string): string[] {
  return journal.split("\n").flatMap((line) => {
    // Each line that is no JSON costs much more than this look.
    if (!line.startsWith("{")) return [];
    const parsed = v.safeParse(entrySchema, jsonIn(line));
    if (!parsed.success) return [];
    const { MESSAGE, _TRANSPORT: transport, _UID: user } = parsed.output;
    return transport === "kernel" || user === "0" ? [MESSAGE.trimEnd()] : [];
  });
}
