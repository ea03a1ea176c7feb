import { messageOf } from "../core/refusal.ts";
import { EXIT } from "../core/outcome.ts";
import { finalize } from "../host/finalize.ts";
import { pinnedIds } from "../host/pins.ts";
import { RecordStore } from "../host/store.ts";
import { type CommonOptions, type Context, hostOf } from "./context.ts";
import { loadConfig } from "./load-config.ts";

/** Takes up, after a boot, every finalization that has not ended; the oldest first. */
export async function resume(context: Context, options: CommonOptions): Promise<number> {
  const stop = context.stopSignal();
  const config = await loadConfig(options);
  const host = hostOf(context, options);
  const store = new RecordStore(config.stateDir);
  let exitCode: number = EXIT.done;
  for (const id of pinnedIds(context.paths)) {
    try {
      await finalize(host, store, config, id, stop);
    } catch (error) {
      host.say(messageOf(error));
      exitCode = EXIT.failed;
    }
  }
  return exitCode;
}
