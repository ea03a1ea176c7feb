import { countedFailures, type Failure, type Halt, type Member, type Rollout } from "./rollout.ts";

// Whether a host may act in the rollout of its group, decided from what etcd held at one moment. The
// caller carries the step out by a transaction that fails if anything that closes the gate has changed.

/** A host that asks to act, with its settings: see FleetConfig. */
export interface Asker {
  readonly id: string;
  readonly host: string;
  readonly rollout: string;
  readonly finalization: string;
  readonly wave: number;
  readonly maxFailures: number;
  readonly joinWithin: number;
  readonly onMissing: "halt" | "go-on-without";
}

/** The number of hosts in the waves below that of the asker. */
export interface Lower {
  readonly members: number;
  /** Those that have ended in the rollout, or that it goes on without. */
  readonly done: number;
  /** Those that have joined the rollout, or that it goes on without. */
  readonly seen: number;
}

/** What etcd held at one moment. */
export interface Snapshot {
  readonly rollout: Rollout | null;
  /** The newest rollout with the name that the asker has, by its `seq`; null if there was none. */
  readonly named: number | null;
  /** The asker, as it is known. */
  readonly own: Member | null;
  readonly lower: Lower;
  /** The waves that have hosts, or had some since the rollout began. */
  readonly waves: readonly number[];
}

export type Step =
  /** Another host has the same name with etcd. */
  | { readonly kind: "cloned"; readonly why: string }
  /** It begins the next rollout, and asks again. */
  | { readonly kind: "start" }
  /** It does not take part. */
  | { readonly kind: "superseded"; readonly why: string }
  | { readonly kind: "halted"; readonly why: string }
  /** For hosts of the lower waves: whyWaits says which. */
  | { readonly kind: "wait"; readonly because: "wave" | "missing" }
  /**
   * Hosts of the lower waves have not joined in time: `onMissing` says what follows. If all of them may
   * still come back, see graceLeftMs, it waits.
   */
  | { readonly kind: "missing"; readonly because: "wave" | "missing" }
  | { readonly kind: "admit" };

/** @param waitedSeconds since the asker has joined */
export function nextStep(snapshot: Snapshot, asker: Asker, waitedSeconds: number): Step {
  const { rollout, own, lower } = snapshot;
  if (rollout === null) return { kind: "start" };
  if (own !== null && isClone(snapshot, asker)) return { kind: "cloned", why: whyCloned(own) };
  if (own !== null && own.finalization > asker.finalization) {
    return { kind: "superseded", why: whyOvertaken(own) };
  }
  if (rollout.name !== asker.rollout) return stepInOther(rollout, snapshot, asker);
  const halted = whyHalted(rollout, asker.maxFailures);
  if (halted !== null) return { kind: "halted", why: halted };
  const isLate = hasJoined(own, rollout, asker) && waitedSeconds >= asker.joinWithin;
  if (knowsNobodyBelow(snapshot, asker)) {
    const goesOn = isLate && asker.onMissing === "go-on-without";
    return goesOn ? { kind: "admit" } : { kind: "wait", because: "missing" };
  }
  if (lower.done === lower.members) return { kind: "admit" };
  if (lower.seen === lower.members) return { kind: "wait", because: "wave" };
  const because = lower.done === lower.seen ? "missing" : "wave";
  return { kind: isLate ? "missing" : "wait", because };
}

/**
 * How long a host that does not take part may still come back, in milliseconds: one that has left this
 * rollout has the time of one that has not joined, from then on. The clocks of the two hosts may differ.
 */
export function graceLeftMs(
  { seq, state, since }: Member,
  rollout: Pick<Rollout, "seq">,
  { joinWithin }: Pick<Asker, "joinWithin">,
  now: Date,
): number {
  if (seq !== rollout.seq || state !== "left") return 0;
  const passedMs = now.getTime() - Date.parse(since);
  const wholeMs = joinWithin * 1000;
  return Math.abs(passedMs) < wholeMs ? wholeMs - passedMs : 0;
}

/**
 * In its first rollout a group knows no host, and the canaries may come later than others. So a wave above
 * the first one never begins by itself.
 */
export function knowsNobodyBelow(
  { waves, lower }: Pick<Snapshot, "waves" | "lower">,
  { wave }: Pick<Asker, "wave">,
): boolean {
  return wave > 0 && lower.members === 0 && !waves.some((known) => known < wave);
}

/** The host is known to the group for this finalization. */
export function hasJoined(
  own: Member | null,
  { seq }: Pick<Rollout, "seq">,
  { finalization }: Pick<Asker, "finalization">,
): boolean {
  return own?.seq === seq && own.finalization === finalization;
}

/** The snapshot after the asker has begun the next rollout. */
export function afterStart(snapshot: Snapshot, started: Rollout, { wave }: Asker): Snapshot {
  const { members } = snapshot.lower;
  // A rollout begins without the waves that have no host any more.
  const waves = snapshot.waves.filter((known) => known >= wave || members > 0);
  const lower = { members, done: 0, seen: 0 };
  return { ...snapshot, rollout: started, named: started.seq, lower, waves };
}

/** The rollout after that of the group. */
export function nextRollout(current: Rollout | null, asker: Asker, now: Date): Rollout {
  const { rollout, host, finalization } = asker;
  return {
    schemaVersion: 1,
    seq: (current?.seq ?? 0) + 1,
    name: rollout,
    startedAt: now.toISOString(),
    startedBy: host,
    startedFor: finalization,
    halt: null,
    failures: [],
    forgiven: 0,
  };
}

/**
 * The current rollout has another name than that of the asker. The order in which hosts ask is not that
 * in which they were deployed, because each asks when its other gates are open. IDs of finalizations
 * sort by their time.
 */
function stepInOther(current: Rollout, { own, named }: Snapshot, asker: Asker): Step {
  const isNewerDeploy = own?.seq === current.seq && own.finalization !== asker.finalization;
  const isOlderDeploy = asker.finalization < (current.startedFor ?? "");
  if (isNewerDeploy || (named === null && !isOlderDeploy)) return { kind: "start" };
  const was = `rollout ${asker.rollout} was superseded by rollout ${current.name}`;
  const how = "deploy-finalize schedule --rollout OTHER-NAME";
  const why =
    named === null
      ? `${was}, a later deploy; to start it all the same, deploy again, or: ${how}`
      : `${was}; to start it again: ${how}`;
  return { kind: "superseded", why };
}

/** Two hosts in one rollout under one name: one of them would count for both. */
function isClone({ rollout, own }: Snapshot, asker: Asker): boolean {
  if (own === null || rollout === null || own.host === asker.host) return false;
  return own.seq === rollout.seq && rollout.name === asker.rollout;
}

function whyCloned({ host, id }: Member): string {
  return (
    `${host} takes part under the id of this host (${id}). If the two were cloned with one ` +
    `machine id, set lock.id on each of them. If ${host} is a former name of this host: ` +
    `deploy-finalize fleet forget ${id}`
  );
}

function whyOvertaken({ finalization, id }: Member): string {
  return (
    `finalization ${finalization} of this host is newer. If it was lost with the disk: ` +
    `deploy-finalize fleet forget ${id}`
  );
}

/** Null if the rollout goes on, as a host with this limit sees it. */
export function whyHalted(rollout: Rollout, maxFailures: number): string | null {
  const { name, halt } = rollout;
  if (halt !== null) return `rollout ${name} is halted: ${halt.why}`;
  const failures = countedFailures(rollout);
  if (failures.length < maxFailures) return null;
  return `rollout ${name} is halted for this host: ${whyFailures(failures)}`;
}

export function whyFailures(failures: readonly Failure[]): string {
  const [first, ...others] = failures;
  if (first === undefined) return "no host failed";
  const also = others.length === 0 ? "" : `; ${names(others.map(({ host }) => host))} failed too`;
  return `${first.host} failed: ${first.why}${also}`;
}

/** The rollout after the failure of a host, which is counted once; halted if that is the limit. */
export function afterFailure(rollout: Rollout, failure: Failure, maxFailures: number): Rollout {
  const { forgiven } = rollout;
  const counted = [...countedFailures(rollout).filter(({ id }) => id !== failure.id), failure];
  const failures = [...rollout.failures.slice(0, forgiven), ...counted];
  const { at, host } = failure;
  const isOver = counted.length >= maxFailures;
  const halt: Halt = { at, by: host, why: whyFailures(counted), kind: "failures" };
  return { ...rollout, failures, halt: rollout.halt ?? (isOver ? halt : null) };
}

/** A wave below that of the asker. */
export interface LowerWave {
  readonly wave: number;
  readonly members: number;
  readonly done: number;
  readonly live: number;
}

/** Hosts that do not take part, by name; null if there are too many to look them up. */
export type Absent = readonly string[] | null;

/**
 * What a host waits for.
 *
 * @param lower in their order
 * @param until the moment at which hosts that do not take part are not waited for any more; null if nobody knows
 */
export function whyWaits(lower: readonly LowerWave[], absent: Absent, until: Date | null): string {
  const open = lower.filter(({ members, done }) => members !== done);
  const [first, ...others] = open.map(({ wave, members, live }) => {
    const have = live === 1 ? "has" : "have";
    return `wave ${wave}: ${live} of ${members} hosts ${have} ended live`;
  });
  const count = others.length === 1 ? "one more wave" : `${others.length} more waves`;
  const later = others.length === 0 ? "" : ` (then for ${count})`;
  const waits = `waits for ${first ?? "the lower waves"}${later}`;
  if (absent === null || absent.length === 0) return waits;
  const does = absent.length === 1 ? "does" : "do";
  const limit = until === null ? "" : ` (waits until ${until.toISOString()})`;
  return `${waits}; ${names(absent)} ${does} not take part yet${limit}`;
}

/**
 * Why a host waits that knows of no host in a lower wave.
 *
 * @param until see whyWaits
 */
export function whyAlone(
  { wave, onMissing }: Pick<Asker, "wave" | "onMissing">,
  until: Date,
): string {
  const waits = `waits for the first host of a wave below ${wave}: none is known yet`;
  return onMissing === "halt" ? waits : `${waits} (waits until ${until.toISOString()})`;
}

/** Why a rollout halts for hosts that have not joined it. */
export function whyMissing(absent: readonly string[], joinWithin: number): string {
  const has = absent.length === 1 ? "has" : "have";
  return (
    `${names(absent)} ${has} not joined within ${joinWithin} s. Deploy there too, or ` +
    `deploy-finalize fleet forget HOST, and then deploy-finalize fleet resume`
  );
}

/** If there are more hosts, two of them are named. */
const MOST_NAMES = 3;

function names(hosts: readonly string[]): string {
  const most = hosts.length <= MOST_NAMES ? hosts.length : MOST_NAMES - 1;
  const rest = hosts.length - most;
  const more = rest > 0 ? ` and ${rest} more` : "";
  return `${hosts.slice(0, most).join(", ")}${more}`;
}
