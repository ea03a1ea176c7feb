import { exitCodeOf, EXIT } from "../core/outcome.ts";
import { messageOf } from "../core/refusal.ts";
import { isTerminal } from "../core/states.ts";
import { AlreadyRunning, finalize } from "../host/finalize.ts";
import { RecordStore } from "../host/store.ts";
import { type CommonOptions, type Context, hostOf } from "./context.ts";
import { loadConfig } from "./load-config.ts";

/**
 * What the detached unit runs: drives one finalization to its end. Where something
 * keeps it from going on, as a full disk does, it ends as unfinished, and its unit
 * starts it again.
 */
export async function run(context: Context, id: string, options: CommonOptions): Promise<number> {
  const stop = context.stopSignal();
  const config = await loadConfig(options);
  const host = hostOf(context, options);
  const store = new RecordStore(config.stateDir);
  try {
    const record = await finalize(host, store, config, id, stop);
    return isTerminal(record.state) ? exitCodeOf(record.state) : EXIT.done;
  } catch (error) {
    if (error instanceof AlreadyRunning) throw error;
    const read = await store.read(id);
    if (read.kind !== "record" || isTerminal(read.record.state)) throw error;
    host.say(`cannot go on: ${messageOf(error)}`);
    return EXIT.unfinished;
  }
}
