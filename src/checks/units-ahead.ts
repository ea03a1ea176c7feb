import { join } from "node:path";
import { listFolder, readLink } from "../host/files/durable.ts";
import type { Paths } from "../host/files/paths.ts";
import type { Host } from "../host/process/host.ts";
import {
  listAllUnits,
  showAllUnits,
  showUnits,
  type UnitState,
} from "../host/systemd/unit-states.ts";
import type { ListedUnit } from "../host/systemd/units.ts";

/** What is older is read anew: a list does not tell which assertions failed meanwhile. */
const YOUNG_MS = 10_000;

/** By unit: what tells one start of it from another. */
type Starts = ReadonlyMap<string, string | null>;

interface Reading {
  readonly atMs: number;
  /** Read before the units, so that a start in between counts as later. */
  readonly starts: Starts | null;
  /** Null if systemd did not answer. */
  readonly units: Promise<readonly UnitState[] | null>;
}

/**
 * The units before an act. systemd needs long to tell everything of all of them, so they are read
 * ahead, while a runner still reports its job. Right before the act only a list is read, and the units
 * that have changed since.
 */
export class UnitsAhead {
  #reading: Reading | null = null;

  /** Reads them in the background, unless that was done a moment ago. Never rejects. */
  begin(host: Host): void {
    if (this.#young(host) === null) this.#reading = read(host);
  }

  /** All units as they are now. @throws Error if systemd does not answer */
  async take(host: Host): Promise<readonly UnitState[]> {
    const reading = this.#young(host);
    const units = (await reading?.units) ?? null;
    const [before, now] = [reading?.starts ?? null, startsOf(host.paths)];
    if (units === null || before === null || now === null) return await this.#takeAll(host);
    const listed = await listAllUnits(host);
    const known = new Map(units.map((state) => [state.unit, state]));
    const isSame = (one: ListedUnit): boolean =>
      isAsListed(known.get(one.unit), one) && now.get(one.unit) === before.get(one.unit);
    const changed = listed.filter((one) => !isSame(one)).map(({ unit }) => unit);
    const unchanged = listed.filter(isSame).flatMap(({ unit }) => known.get(unit) ?? []);
    return [...unchanged, ...(await showUnits(host, changed))];
  }

  async #takeAll(host: Host): Promise<readonly UnitState[]> {
    const [atMs, starts] = [host.elapsedMs(), startsOf(host.paths)];
    const units = await showAllUnits(host);
    this.#reading = { atMs, starts, units: Promise.resolve(units) };
    return units;
  }

  #young({ elapsedMs }: Host): Reading | null {
    const reading = this.#reading;
    return reading !== null && elapsedMs() - reading.atMs < YOUNG_MS ? reading : null;
  }
}

function read(host: Host): Reading {
  const [atMs, starts] = [host.elapsedMs(), startsOf(host.paths)];
  return { atMs, starts, units: showAllUnits(host).catch(() => null) };
}

/** A unit with a job is about to change, so it is asked for. */
function isAsListed(known: UnitState | undefined, { load, active, sub }: ListedUnit): boolean {
  if (known === undefined || known.job === "queued") return false;
  return known.load === load && known.active === active && known.sub === sub;
}

/** systemd links the id of each start by the unit's name. Null if that cannot be read. */
function startsOf({ startedUnits }: Paths): Starts | null {
  try {
    const links = listFolder(startedUnits).filter((name) => name.startsWith(PREFIX));
    if (links.length === 0) return null;
    return new Map(
      links.map((name) => [name.slice(PREFIX.length), readLink(join(startedUnits, name))]),
    );
  } catch {
    return null;
  }
}

const PREFIX = "invocation:";
