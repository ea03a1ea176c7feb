import { processesIn, servicesBelow } from "../../host/files/control-group.ts";
import { inRootOf } from "../../host/files/processes.ts";
import { startedAt } from "../../host/process/clock.ts";
import type { Host } from "../../host/process/host.ts";
import { presetForUnit, type Preset } from "./presets.ts";
import { combine, IDLE, type RunnerPlace, type RunnerState } from "./seen.ts";

/** Looks at one runner in every way that is known for it. */
type LookFor = (
  host: Host,
  signs: Preset["detections"],
  place: RunnerPlace,
) => Promise<RunnerState>;

/**
 * The runners in a container, seen from outside: its control groups, processes and files are the host's
 * too, and its own systemd need not be asked.
 *
 * @throws Error if it cannot tell
 */
export async function lookInside(
  host: Host,
  { group }: RunnerPlace,
  lookFor: LookFor,
): Promise<RunnerState> {
  const states = servicesBelow(host.paths, group).map(async ({ unit, group: below }) => {
    const preset = presetForUnit(unit);
    const place = preset === null ? null : placeOf(host, below);
    if (preset === null || place === null) return IDLE;
    const state = await lookFor(host, preset.detections, place);
    if (state.kind === "busy") return { ...state, why: `has ${unit}, which ${state.why}` };
    return state.kind === "unknown" ? { ...state, why: `${unit}: ${state.why}` } : state;
  });
  return combine(await Promise.all(states));
}

function placeOf(host: Host, group: string): RunnerPlace | null {
  const ids = processesIn(host.paths, group);
  const starts = ids.map((id) => ({ id, at: startedAt(host, id) ?? 0 }));
  // Its first process is its main one.
  const [main] = starts.toSorted((one, other) => one.at - other.at || one.id - other.id);
  if (main === undefined) return null;
  return {
    group,
    mainProcess: main.id,
    // The kernel rounds when a process began.
    startedAt: Math.floor(main.at / 1000) * 1000,
    environment: "",
    // Only the systemd in the container knows it.
    status: null,
    root: inRootOf(host.paths, main.id, "/"),
  };
}
