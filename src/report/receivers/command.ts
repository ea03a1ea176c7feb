import type { ReceiverOf } from "../../core/report-defaults.ts";
import { describeEnd } from "../../host/spawn.ts";
import { DELIVERED, type SendTo } from "./receiver.ts";

/** A program that gets the event as JSON on its standard input; exit code 0 says that it has taken it. */
export const sendToCommand: SendTo<ReceiverOf<"command">> = async (
  { command },
  { host, event, signal },
) => {
  const ended = await host.spawn(command, { input: `${JSON.stringify(event)}\n`, signal });
  if (ended.exitCode === 0) return DELIVERED;
  const why = signal.aborted ? "did not end in time" : describeEnd(ended);
  return { kind: "failed", why, notBefore: null };
};
