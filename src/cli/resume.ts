import { EXIT } from "../core/outcome.ts";
import { messageOf } from "../core/refusal.ts";
import { restoreNotice } from "../host/notice.ts";
import { resumeOne, unfinishedIds } from "../host/resuming.ts";
import { RecordStore } from "../host/store.ts";
import { type Cli, newCommand } from "./command.ts";
import { type CommonOptions, complain, type Context, hostOf } from "./context.ts";
import { complainOf, loadCalled } from "./load-config.ts";
import { runCommand } from "./own-command.ts";
import { requireRoot } from "./require-root.ts";
import { reportLeftOvers } from "./reporter.ts";

export function addResume(cli: Cli): void {
  newCommand(cli, "resume")
    .description("take up unfinished finalizations after a boot (for its unit)")
    .action(async (options: CommonOptions) => {
      cli.end(await resume(cli.context, options));
    });
}

/**
 * Takes up, after a boot, every finalization that has not ended, then what is told of them.
 * Nothing that goes wrong keeps the rest back. Returns as soon as the units are started.
 */
async function resume(context: Context, options: CommonOptions): Promise<number> {
  requireRoot(context, "resuming");
  const { called: config, problem } = await loadCalled(options);
  const host = hostOf(context, options);
  const store = new RecordStore(config.stateDir);
  const run = runCommand(context, config, options);
  const steps = unfinishedIds(host).map((id) => ({
    what: `take up ${id}`,
    act: async () => await resumeOne(host, store, run, id),
  }));
  const restore = async () => await restoreNotice(host, store);
  const report = async () => await reportLeftOvers(context, options, host, config);
  steps.push({ what: "restore the notice", act: restore });
  steps.push({ what: "take up reports", act: report });
  let exitCode = complainOf(context, problem);
  for (const { what, act } of steps) {
    try {
      await act();
    } catch (error) {
      complain(context, `cannot ${what}: ${messageOf(error)}`);
      exitCode = EXIT.failed;
    }
  }
  return exitCode;
}
