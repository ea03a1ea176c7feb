import { describeEnd } from "../host/spawn.ts";
import { showProperties } from "../host/systemd-commands.ts";
import { parseProperties } from "../host/unit-properties.ts";
import type { Check } from "./check.ts";

/** The unit is active: not failed, and not on its way up any more. */
export function unitCheck(unit: string): Check {
  return {
    name: unit,
    run: async (host, signal) => {
      const properties = ["LoadState", "ActiveState", "SubState"];
      const ended = await host.spawn(showProperties(properties, [unit]), { signal });
      if (ended.exitCode !== 0) return { kind: "failed", why: describeEnd(ended) };
      const { LoadState, ActiveState, SubState } = parseProperties(ended.stdout)[0] ?? {};
      const state =
        LoadState === "not-found" ? "there is no such unit" : `${ActiveState} (${SubState})`;
      return ActiveState === "active"
        ? { kind: "passed", detail: state }
        : { kind: "failed", why: state };
    },
  };
}
