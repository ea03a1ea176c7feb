import { messageOf } from "../../core/refusal.ts";
import { runningContainers } from "../../host/network/containers.ts";
import type { Host } from "../../host/process/host.ts";
import { describeEnd } from "../../host/process/spawn.ts";
import { enginesOf } from "./engines.ts";
import { lookInside } from "./inside.ts";
import { jobsByMetrics } from "./metrics.ts";
import type { Preset } from "./presets.ts";
import { combine, IDLE, type RunnerPlace, type RunnerState } from "./seen.ts";
import { lookAtFolders, lookAtNames, lookAtProcesses, matching } from "./traced.ts";

type Sign = Preset["detections"][number];

/** Looks in every way: one that finds a job is enough. */
export async function lookFor(
  host: Host,
  signs: readonly Sign[],
  place: RunnerPlace,
): Promise<RunnerState> {
  const looks = signs.map(async (sign) => {
    try {
      return await look(host, sign, place);
    } catch (error) {
      return { kind: "unknown", why: messageOf(error) } as const;
    }
  });
  return combine(await Promise.all(looks));
}

/** A detection program that has not ended by then gives no answer. */
const COMMAND_MS = 10_000;

/** @throws Error if it cannot tell */
async function look(host: Host, sign: Sign, place: RunnerPlace): Promise<RunnerState> {
  const { paths } = host;
  switch (sign.kind) {
    case "processes":
      return lookAtProcesses(paths, place);
    case "process-name":
      return lookAtNames(paths, place, sign.pattern);
    case "job-folders":
      return lookAtFolders(paths, place, sign);
    case "containers": {
      const names = await runningContainers(await enginesOf(host, place));
      return matching("runs container", names, sign.pattern);
    }
    case "command":
      return await ask(host, sign.command);
    case "status":
      if (place.status === null) throw new Error("its status cannot be seen");
      return sign.pattern.test(place.status)
        ? { kind: "busy", why: `says: ${place.status.slice(0, 100)}` }
        : IDLE;
    case "runners-inside":
      return await lookInside(host, place, lookFor);
    case "unseen":
      return { kind: "unknown", why: sign.why };
    case "metrics": {
      const { url, metric } = sign;
      const why = `runs a job, according to ${metric}`;
      return (await jobsByMetrics(url, metric)) > 0 ? { kind: "busy", why } : IDLE;
    }
  }
}

async function ask(host: Host, command: readonly string[]): Promise<RunnerState> {
  const signal = AbortSignal.timeout(COMMAND_MS);
  const ended = await host.spawn(command, { signal, streams: "ends" });
  if (ended.exitCode === 0) return { kind: "busy", why: `runs a job, according to ${command[0]}` };
  return ended.exitCode === 1 ? IDLE : { kind: "unknown", why: describeEnd(ended) };
}
