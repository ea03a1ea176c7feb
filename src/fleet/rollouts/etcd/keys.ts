// The keys of a group, all below PREFIX/GROUP+fleet/. A group has no + in its name, so the fleet lock of
// no group has keys there.
//   watched/control  the rollout; hosts that wait watch the range watched/ and nothing else
//   watched/passed   changes when a wave is complete: it only wakes those who wait
//   roster/WWWW      changes with each host that comes to the wave or leaves it; removed by the rollout after
//                    that in which the last host has left it
//   where/ID         the wave of a host
//   member/WWWW/ID   a host, and how far it is
//   seen/WWWW/ID     for each host that has joined the rollout, or that it goes on without
//   done/WWWW/ID     for each host that has ended in it, or that it goes on without
//   live/WWWW/ID     for each host that has ended live in it
//   name/NAME        the newest rollout with the name; removed with the last rollout of that name in the history
//   history/SSSSSSSS a rollout that was superseded; the last 1000 are kept

/** The first key of a range, and the key after its last; a single key without that. */
export interface Range {
  readonly key: string;
  readonly end?: string;
}

/** The keys that have one for each host, below that of its wave. */
export type PerHost = "member" | "seen" | "done" | "live";

/** What a change of the wave and an operator who forgets a host remove. */
export const PER_HOST: readonly PerHost[] = ["member", "seen", "done", "live"];

/** What a new rollout begins without. */
export const PER_ROLLOUT: readonly PerHost[] = ["seen", "done", "live"];

export class Keys {
  readonly base: string;

  constructor(prefix: string, group: string) {
    this.base = `${prefix}/${group}+fleet/`;
  }

  get control(): string {
    return `${this.base}watched/control`;
  }

  get passed(): string {
    return `${this.base}watched/passed`;
  }

  get watched(): Range {
    return this.#below("watched/");
  }

  /** All keys of the group. */
  get everything(): Range {
    return this.#below("");
  }

  roster(wave: number): string {
    return `${this.base}roster/${four(wave)}`;
  }

  get rosters(): Range {
    return this.#below("roster/");
  }

  /** The rosters of the waves below a wave. */
  lowerRosters(wave: number): Range {
    return { key: `${this.base}roster/`, end: this.roster(wave) };
  }

  where(id: string): string {
    return `${this.base}where/${id}`;
  }

  of(kind: PerHost, wave: number, id: string): string {
    return `${this.base}${kind}/${four(wave)}/${id}`;
  }

  inWave(kind: PerHost, wave: number): Range {
    return this.#below(`${kind}/${four(wave)}/`);
  }

  inLowerWaves(kind: PerHost, wave: number): Range {
    return { key: `${this.base}${kind}/`, end: `${this.base}${kind}/${four(wave)}/` };
  }

  all(kind: PerHost): Range {
    return this.#below(`${kind}/`);
  }

  named(name: string): string {
    return `${this.base}name/${name}`;
  }

  past(seq: number): string {
    return `${this.base}history/${String(seq).padStart(8, "0")}`;
  }

  get history(): Range {
    return this.#below("history/");
  }

  #below(folder: string): Range {
    const key = `${this.base}${folder}`;
    // 0 is the character after the slash.
    return { key, end: `${key.slice(0, -1)}0` };
  }
}

/** The wave and the host of a key that there is one of for each host; null for a key of another form. */
export function hostIn(
  keys: Keys,
  kind: PerHost,
  key: string,
): { readonly wave: number; readonly id: string } | null {
  const folder = `${keys.base}${kind}/`;
  if (!key.startsWith(folder)) return null;
  const [, wave, id] = /^(\d{4})\/(.+)$/s.exec(key.slice(folder.length)) ?? [];
  return wave === undefined || id === undefined ? null : { wave: Number(wave), id };
}

/** The wave of the key of a roster; null for a key of another form. */
export function waveIn(keys: Keys, key: string): number | null {
  const wave = key.startsWith(keys.rosters.key) ? key.slice(keys.rosters.key.length) : "";
  return /^\d{4}$/.test(wave) ? Number(wave) : null;
}

function four(wave: number): string {
  return String(wave).padStart(4, "0");
}
