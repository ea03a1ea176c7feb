import type { FleetHostJson, FleetJson } from "../../json/fleet.ts";
import { allHosts, progressInWords, shortName, standingOf } from "./counts.ts";

/** Something that changed in a group, for one line. */
export interface FleetChange {
  readonly at: string;
  readonly what: string;
  readonly detail: string;
}

/** Finds the changes since the last look. The first look returns how far the rollout is. */
export class FleetChanges {
  #seen: FleetJson | null = null;
  #unknown = "";

  since(fleet: FleetJson, now: Date): FleetChange[] {
    const at = now.toISOString();
    if (fleet.unknown !== null) return this.#unknownSince(fleet.unknown, at);
    this.#unknown = "";
    const before = this.#seen;
    this.#seen = fleet;
    if (before?.rollout?.seq !== fleet.rollout?.seq || before === null) return begun(fleet, at);
    return [
      ...haltChanges(before, fleet, at),
      ...hostChanges(before, fleet, at),
      ...waveChanges(before, fleet, at),
    ];
  }

  /** Once for each reason. */
  #unknownSince(why: string, at: string): FleetChange[] {
    if (why === this.#unknown) return [];
    this.#unknown = why;
    return [{ at, what: "unknown", detail: why }];
  }
}

function begun(fleet: FleetJson, at: string): FleetChange[] {
  const { rollout, group } = fleet;
  if (rollout === null) return [{ at, what: `group ${group}`, detail: "no rollout yet" }];
  const { halt, startedBy } = rollout;
  const detail = `${progressInWords(fleet)}, started by ${startedBy}`;
  return [
    { at, what: `rollout ${shortName(rollout)}`, detail },
    ...(halt === null
      ? []
      : [{ at: momentOf(halt.at, at), what: "halted", detail: `by ${halt.by}: ${halt.why}` }]),
  ];
}

function haltChanges(before: FleetJson, fleet: FleetJson, at: string): FleetChange[] {
  const [was, is] = [before.rollout?.halt ?? null, fleet.rollout?.halt ?? null];
  if (was?.at === is?.at) return [];
  return is === null
    ? [{ at, what: "resumed", detail: "" }]
    : [{ at: momentOf(is.at, at), what: "halted", detail: `by ${is.by}: ${is.why}` }];
}

function hostChanges(before: FleetJson, fleet: FleetJson, at: string): FleetChange[] {
  const known = new Map(allHosts(before).map((host) => [host.id, host]));
  const changed = (fleet.waves ?? []).flatMap(({ wave, hosts }) =>
    hosts.flatMap((host) => hostChange(known.get(host.id), host, wave, at)),
  );
  const left = new Set(allHosts(fleet).map(({ id }) => id));
  const gone = allHosts(before)
    .filter(({ id }) => !left.has(id))
    .map(({ host }) => ({ at, what: host, detail: "forgotten" }));
  return [...changed, ...gone];
}

function hostChange(
  was: FleetHostJson | undefined,
  is: FleetHostJson,
  wave: number,
  at: string,
): FleetChange[] {
  const standing = standingOf(is);
  if (was !== undefined && standingOf(was) === standing && was.why === is.why) return [];
  const why = is.why === null ? "" : `: ${is.why}`;
  const detail = `${standing}${why}`;
  const isNew = was === undefined || standingOf(was) !== standing;
  return [{ at: isNew ? momentOf(is.since, at) : at, what: `wave ${wave}, ${is.host}`, detail }];
}

function waveChanges(before: FleetJson, fleet: FleetJson, at: string): FleetChange[] {
  const complete = new Set(completeWaves(before));
  return completeWaves(fleet)
    .filter((wave) => !complete.has(wave))
    .map((wave) => ({ at, what: `wave ${wave}`, detail: `complete; ${progressInWords(fleet)}` }));
}

function completeWaves({ waves }: FleetJson): number[] {
  return (waves ?? []).filter(({ isComplete }) => isComplete).map(({ wave }) => wave);
}

/** Another host wrote it: it may be no moment. */
function momentOf(text: string | null, otherwise: string): string {
  return text === null || Number.isNaN(Date.parse(text)) ? otherwise : text;
}
