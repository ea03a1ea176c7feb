import { realpathSync } from "node:fs";
import { type BootCompleteness, judgeCompleteness } from "../../../core/record/boot-complete.ts";
import { EXIT } from "../../../core/outcome.ts";
import { jsonLine } from "../../../core/printable.ts";
import { Refusal } from "../../../core/refusal.ts";
import { fingerprint } from "../../../finalize/finalization-now.ts";
import { nextChange } from "../../../host/process/watch.ts";
import type { BootCompleteJson } from "../../../json/commands.ts";
import type { RecordStore } from "../../../state-dir/store.ts";
import { acts, type Cli, newCommand, withJson } from "../../command.ts";
import { type CommonOptions, type Context, print } from "../../context.ts";
import { requireAccess } from "../../shared/guards.ts";
import { openServices } from "../../compose.ts";

export function addBootComplete(cli: Cli): void {
  withJson(newCommand(cli, "boot-complete"))
    .description("wait until this boot counts as good (a systemd unit runs this)")
    .action(acts(cli, bootComplete));
}

/**
 * Waits until the system that has booted is verified, or is known not to need it.
 *
 * @throws Refusal if it was rejected, or (75) if a signal ends the wait
 */
async function bootComplete(context: Context, options: CommonOptions): Promise<number> {
  const { host, store } = await openServices(context, options);
  requireAccess(store);
  const stop = context.stopSignal("stop");
  const booted = realpathSync(host.paths.bootedSystem);
  for (;;) {
    const now = await look(store, booted);
    if (now.kind === "complete") {
      host.say(`this boot is good: ${now.why}`);
      const json: BootCompleteJson = { schemaVersion: 1, why: now.why };
      if (options.json === true) print(context, jsonLine(json));
      return EXIT.done;
    }
    if (now.kind === "rejected") throw new Refusal(`this boot is not good: ${now.why}`);
    host.say(`waits for ${now.id}`);
    await change(store, now.id, stop);
    if (stop.aborted) throw new Refusal(`asked to stop: ${now.id} has not ended`, EXIT.unfinished);
  }
}

async function look(store: RecordStore, booted: string): Promise<BootCompleteness> {
  return judgeCompleteness(await store.all(), booted);
}

async function change(store: RecordStore, id: string, stop: AbortSignal): Promise<void> {
  const before = fingerprint(store, id);
  const hasChanged = (): boolean => fingerprint(store, id) !== before;
  while (!hasChanged() && !stop.aborted) await nextChange(store.folder, hasChanged, stop);
}
