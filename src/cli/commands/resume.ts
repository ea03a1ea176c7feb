import { jsonLine } from "../../core/printable.ts";
import { EXIT } from "../../core/outcome.ts";
import { messageOf } from "../../core/refusal.ts";
import { restoreNotice } from "../../state-dir/notice.ts";
import { owingWithoutPins } from "../../finalize/lost/owing.ts";
import { releaseLostSlot } from "../../finalize/lost/slot.ts";
import { resumeOne, unfinishedIds } from "../../finalize/resume.ts";
import { fleetTermsOf } from "../../fleet/part/terms.ts";
import { RecordStore } from "../../state-dir/store.ts";
import type { ResumeJson } from "../../json/commands.ts";
import { acts, type Cli, newCommand, withJson } from "../command.ts";
import { type CommonOptions, complain, type Context, print } from "../context.ts";
import { complainOf, loadCalled } from "../shared/load-config.ts";
import { releaseCommand, runCommand } from "../shared/own-command.ts";
import { requireRoot } from "../shared/guards.ts";
import { hostOf, reportLeftOvers } from "../compose.ts";

export function addResume(cli: Cli): void {
  withJson(newCommand(cli, "resume"))
    .description("continue unfinished finalizations after a boot (a systemd unit runs this)")
    .action(acts(cli, resume));
}

/**
 * Starts the units of all unfinished finalizations, then restores the notice and the reports. An
 * error in one step does not stop the others. A signal does: for systemd it would be a clean end, so
 * the exit code asks for another start.
 */
async function resume(context: Context, options: CommonOptions): Promise<number> {
  const stop = context.stopSignal();
  requireRoot(context, "resuming");
  const { called: config, problem } = await loadCalled(options);
  const host = hostOf(context, options);
  const store = new RecordStore(config.stateDir);
  const run = runCommand(context, config, options);
  const lost: string[] = [];
  const continued: string[] = [];
  const problems: string[] = [];
  const whenLost = fleetTermsOf(config) === null ? "drop-pins" : "keep-pins";
  const takeUp = async (id: string): Promise<void> => {
    const found = await resumeOne(host, store, run, id, whenLost);
    (found === "lost" ? lost : continued).push(id);
  };
  const steps = unfinishedIds(host).map((id) => ({
    what: `continue ${id}`,
    act: async () => await takeUp(id),
  }));
  const tell = async (): Promise<void> => {
    for (const id of await owingWithoutPins(host, store)) await takeUp(id);
  };
  steps.push({ what: "tell the group of a rollout how a finalization ended", act: tell });
  const release = async () =>
    await releaseLostSlot(host, store, config.lock, lost, () => releaseCommand(context, options));
  steps.push({ what: "give back the slot of a lost finalization", act: release });
  const restore = async () => await restoreNotice(host, store);
  const report = async () => await reportLeftOvers(context, options, host, config);
  steps.push({ what: "restore the notice", act: restore });
  steps.push({ what: "continue the reports", act: report });
  let exitCode = complainOf(context, problem);
  for (const { what, act } of steps) {
    if (stop.aborted) {
      exitCode = EXIT.unfinished;
      break;
    }
    try {
      await act();
    } catch (error) {
      const said = `cannot ${what}: ${messageOf(error)}`;
      complain(context, said);
      problems.push(said);
      exitCode = EXIT.failed;
    }
  }
  const json: ResumeJson = { schemaVersion: 1, continued, lost, problems };
  if (options.json === true) print(context, jsonLine(json));
  return exitCode;
}
