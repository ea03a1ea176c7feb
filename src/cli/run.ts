import { exitCodeOf, EXIT } from "../core/outcome.ts";
import { isTerminal } from "../core/states.ts";
import { finalize } from "../host/finalize.ts";
import { RecordStore } from "../host/store.ts";
import { type CommonOptions, type Context, hostOf } from "./context.ts";
import { loadConfig } from "./load-config.ts";

/** What the detached unit runs: drives one finalization to its end. */
export async function run(context: Context, id: string, options: CommonOptions): Promise<number> {
  const stop = context.stopSignal();
  const config = await loadConfig(options);
  const host = hostOf(context, options);
  const record = await finalize(host, new RecordStore(config.stateDir), config, id, stop);
  return isTerminal(record.state) ? exitCodeOf(record.state) : EXIT.done;
}
