import { describeEnd } from "../host/spawn.ts";
import type { Check } from "./check.ts";

/** The program ends with exit code 0. */
export function commandCheck(command: readonly string[]): Check {
  return {
    name: command.join(" "),
    run: async (host, signal) => {
      const ended = await host.spawn(command, { signal });
      return ended.exitCode === 0
        ? { kind: "passed", detail: "exit code 0" }
        : { kind: "failed", why: describeEnd(ended) };
    },
  };
}
