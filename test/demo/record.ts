import { readFileSync, readlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseRecord } from "../../src/core/record/parse-record.ts";
import type { FinalizationRecord } from "../../src/core/record/record.ts";
import { isTerminal } from "../../src/core/states.ts";
import type { Host } from "../test-host/host.ts";

const current = "/var/lib/deploy-finalize/current";

/** The newest record of the host as it is now, read from the outside; undefined before there is one. */
export function newestRecord(host: Host): FinalizationRecord | undefined {
  let text: string;
  try {
    text = readFileSync(
      host.path(join(dirname(current), readlinkSync(host.path(current)))),
      "utf8",
    );
  } catch {
    return undefined;
  }
  const parsed = parseRecord(text);
  if (parsed.kind !== "record") throw new Error(`${current} is ${parsed.kind}: ${parsed.why}`);
  return parsed.record;
}

/** Waits until the finalization has ended, however it did. */
export function finalizationEnded(host: Host): Promise<FinalizationRecord> {
  return host.until("the finalization has ended", () => {
    const record = newestRecord(host);
    return record !== undefined && isTerminal(record.state) && record;
  });
}
