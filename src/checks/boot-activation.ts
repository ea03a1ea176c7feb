import { type FinalizationRecord, hasBooted } from "../core/record/record.ts";
import { readBootId } from "../host/nixos/systems.ts";
import type { Host } from "../host/process/host.ts";
import { type BootActivation, lookAtBootActivation } from "../host/systemd/boot-activation.ts";
import type { CheckResult } from "./kinds.ts";

type Verdict = Pick<CheckResult, "result" | "detail">;

/**
 * Checks the activation of this boot, if it brought up the system to verify: a snippet that fails at
 * boot leaves no failed unit behind. A switch says the same by exit code 2.
 *
 * @returns no result if there was no boot
 */
export async function checkBootActivation(
  host: Host,
  record: FinalizationRecord,
): Promise<CheckResult[]> {
  const bootId = readBootId(host.paths);
  if (!hasBooted(record, bootId)) return [];
  const begin = host.elapsedMs();
  const now = await lookAtBootActivation(host, bootId, "this-boot");
  // Most of the time nothing has failed, and the earlier boot need not be looked at.
  const hasTrouble = now.kind === "known" && now.failedSnippets.length > 0;
  const before = hasTrouble ? await lookAtBootActivation(host, record.bootId, "earlier-boot") : now;
  const verdict = judgeActivation(now, before);
  if (hasTrouble || now.kind === "unknown") host.say(`activation at boot: ${verdict.detail}`);
  const seconds = Math.round(host.elapsedMs() - begin) / 1000;
  return [{ name: "activation", kind: "activation", ...verdict, seconds }];
}

/**
 * Blames the snippets that failed at this boot and not at the boot before. What is unknown is not
 * held against the target, but said. Pure.
 *
 * @param before the boot in which the finalization was scheduled
 */
export function judgeActivation(now: BootActivation, before: BootActivation): Verdict {
  if (now.kind === "unknown") return passed(`unknown: ${now.why}`);
  const { failedSnippets } = now;
  if (failedSnippets.length === 0) return passed("every activation snippet succeeded at boot");
  if (before.kind === "unknown") {
    return passed(
      `${inWords(failedSnippets)}; whether that is new is unknown: at the boot before, ${before.why}`,
    );
  }
  const isNew = failedSnippets.filter((name) => !before.failedSnippets.includes(name));
  return isNew.length === 0
    ? passed(`${inWords(failedSnippets)}, as at the boot before`)
    : { result: "failed", detail: inWords(isNew) };
}

function passed(detail: string): Verdict {
  return { result: "passed", detail };
}

function inWords(snippets: readonly string[]): string {
  return snippets.map((name) => `activation snippet ${name} failed at boot`).join("; ");
}
