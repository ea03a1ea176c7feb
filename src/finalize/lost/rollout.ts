import type { Config } from "../../core/config/config.ts";
import type { Member, Rollout } from "../../core/fleet/rollout.ts";
import type { ClockReading } from "../../core/record/clock.ts";
import { ID_PATTERN, momentOf } from "../../core/record/id.ts";
import { endOfLost } from "../../core/record/fleet/lost-end.ts";
import type { Part, PartEnd } from "../../core/record/fleet/part.ts";
import { type FinalizationRecord, isUnfinished } from "../../core/record/record.ts";
import { holderOf } from "../../fleet/holder.ts";
import { idsOfParts, lookAtPart } from "../../fleet/part/part-store.ts";
import { RolloutPart } from "../../fleet/part/rollout-part.ts";
import { fleetTermsOf, groupOf, type RolloutServerFor } from "../../fleet/part/terms.ts";
import type { GroupView, Told } from "../../fleet/rollouts/rollout-server.ts";
import { readClock } from "../../host/process/clock.ts";
import type { Host } from "../../host/process/host.ts";
import { waitForLock } from "../../host/process/lock.ts";
import type { RecordStore } from "../../state-dir/store.ts";
import { givesUp, isServerGone, type Outdated, outdatedEnd } from "../rollout/outdated-end.ts";
import { requestOf, seenWhenTold, sendEnd } from "../rollout/send-end.ts";
import { dropOldPins, requireMounted } from "./record.ts";

interface Lost {
  readonly id: string;
  /** The name of this host for people. */
  readonly name: string;
  readonly store: RecordStore;
  readonly config: Config;
  readonly stop: AbortSignal;
  /** The rollouts of the group, instead of those in etcd. */
  readonly serverFor?: RolloutServerFor;
}

/** `stopped`: this process is to end, and another one goes on. */
type Settled = "settled" | "stopped";

/**
 * Tells its group of a finalization whose record is lost or cannot be read: the group would wait for it for ever.
 * What is on the disk of its part says which group; if that is lost too, the configured group is asked whether it
 * waits for it.
 *
 * @throws NotMounted if the record may only be out of reach
 */
export async function settleLost(host: Host, lost: Lost): Promise<Settled> {
  const { store, config, id } = lost;
  if (await hasProcessOfItsOwn(store, id)) return "settled";
  const hasPart = (await lookAtPart(store, id)) !== null;
  if (!hasPart && fleetTermsOf(config) === null) return "settled";
  await requireMounted(host, store.folder);
  // A folder in memory is gone after a boot.
  store.create();
  const lock = await waitForLock(host, store.recordLockPath(id), lost.stop);
  if (lock === null) return "stopped";
  const stop = AbortSignal.any([lost.stop, lock.lost]);
  const { serverFor } = lost;
  const finalization = { id, host: lost.name, rollout: null, targetGeneration: null };
  const terms = { config, finalization, ...(serverFor !== undefined && { serverFor }) };
  const rollout = new RolloutPart(host, store, terms);
  try {
    // Another process may have had the lock, or the file system was mounted since.
    if (await hasProcessOfItsOwn(store, id)) return "settled";
    const settled = await new LostEnd(host, { ...lost, stop }, rollout).settle();
    // Up to now they have led each boot here.
    if (settled === "settled") dropOldPins(host, id);
    return settled;
  } finally {
    rollout.end();
    await lock.release();
  }
}

/** Whether its record is there, so that its own process tells the end, perhaps by a newer program. */
async function hasProcessOfItsOwn(store: RecordStore, id: string): Promise<boolean> {
  const { kind } = await store.read(id);
  return kind === "record" || kind === "newer";
}

class LostEnd {
  readonly #host: Host;
  readonly #lost: Lost;
  readonly #rollout: RolloutPart;

  constructor(host: Host, lost: Lost, rollout: RolloutPart) {
    this.#host = host;
    this.#lost = lost;
    this.#rollout = rollout;
  }

  async settle(): Promise<Settled> {
    const own = await this.#rollout.read();
    if (own?.isTold === true) return "settled";
    const part = own ?? this.#unnamedPart();
    if (part === null) return "settled";
    const seen = part.end === null ? await this.#look(part) : null;
    if (seen === "stopped") return "stopped";
    if (seen === "gone") return this.#giveUp(part, "its server is not configured any more");
    const member = seen === null ? null : memberIn(seen, part);
    const { id } = this.#lost;
    const knownAs = own?.finalization ?? (await this.#knownAs(member));
    const end = endOfLost({ id, knownAs }, part.end, seen?.rollout ?? null, member);
    if (end === null) {
      if (own !== null) this.#rollout.noteTold(own);
      return "settled";
    }
    const isKnown = own === null && member !== null && seen?.rollout != null;
    const known = isKnown ? partKnown(part, member, seen.rollout, readClock(this.#host)) : part;
    return await this.#tell(known, end);
  }

  /** Without its part: an older one may have handed its own on to it, and then nobody else tells the end of that. */
  async #knownAs(member: Member | null): Promise<string> {
    const { id, store } = this.#lost;
    const older = member?.finalization ?? id;
    if (older >= id || !ID_PATTERN.test(older)) return id;
    const read = await store.read(older);
    const isOver = read.kind === "record" ? !isUnfinished(read.record) : read.kind !== "newer";
    return isOver && !(await isOwedUnder(store, older)) ? older : id;
  }

  /** For the configured group, without the name of the rollout; null if there is none. */
  #unnamedPart(): Part | null {
    const terms = fleetTermsOf(this.#lost.config);
    if (terms === null) return null;
    const holder = holderOf(terms.lock, this.#host.paths.machineId);
    const asking = { finalization: this.#lost.id, rollout: "", generation: null, holder, ...terms };
    const open = { joined: null, withoutAnswer: 0, end: null, isTold: false };
    return { schemaVersion: 1, ...asking, ...open };
  }

  async #look(part: Part): Promise<GroupView | "gone" | "stopped"> {
    let isGone = false;
    const isOutdated = async (tries: number): Promise<boolean> => {
      isGone = tries > 0 && isServerGone(this.#context(), this.#begun, part);
      return isGone;
    };
    const how = { stop: this.#lost.stop, patience: "endless", isOutdated } as const;
    const seen = await this.#rollout.tell(part, async (server) => await server.look(), how);
    return seen ?? (isGone ? "gone" : "stopped");
  }

  async #tell(part: Part, end: PartEnd): Promise<Settled> {
    const { id, store, stop } = this.#lost;
    const noted = this.#rollout.note(part, end);
    const request = requestOf(end);
    if (request === null) return "settled";
    this.#host.say(`tells the group ${groupOf(part)} how ${id} ended, whose record is lost`);
    let outdated: Outdated | null = null;
    const isOutdated = async (tries: number): Promise<boolean> => {
      outdated = await outdatedEnd(this.#context(), { id, endedAt: this.#begun }, noted, tries);
      return outdated !== null;
    };
    const how = { stop, patience: "endless", isOutdated } as const;
    const sent = await sendEnd({ rollout: this.#rollout, store }, noted, request, how);
    const instead: Outdated | null = outdated;
    if (instead !== null) return await this.#tellInstead(noted, instead);
    if (sent === null) return "stopped";
    await this.#report(sent.part, sent.told);
    this.#rollout.noteTold(sent.part);
    return "settled";
  }

  /** Another record of this host says whom to report to. Without one, the next host that looks reports it. */
  async #report(part: Part, told: Told): Promise<void> {
    const seen = seenWhenTold(part, told);
    const record = await anyRecord(this.#lost.store).catch(() => null);
    if (seen !== null && record !== null) await this.#host.report?.rollout(record, seen);
  }

  async #tellInstead(part: Part, outdated: Outdated): Promise<Settled> {
    if (outdated.kind === "give-up") return this.#giveUp(part, outdated.why);
    return await this.#tell(part, outdated.end);
  }

  #giveUp(part: Part, why: string): Settled {
    this.#host.say(givesUp(part, why));
    this.#rollout.noteTold(part);
    return "settled";
  }

  #context() {
    const { store, config } = this.#lost;
    return { host: this.#host, store, config };
  }

  /** When it was scheduled: nothing else is known of its times. */
  get #begun(): Date {
    return new Date(momentOf(this.#lost.id));
  }
}

/** Whether another one still has to tell the end of a part that the group knows by this ID. */
async function isOwedUnder(store: RecordStore, knownAs: string): Promise<boolean> {
  const parts = await Promise.all(idsOfParts(store).map(async (id) => await lookAtPart(store, id)));
  return parts.some((part) => part?.finalization === knownAs && !part.isTold);
}

async function anyRecord(store: RecordStore): Promise<FinalizationRecord | null> {
  for await (const record of store.newestFirst()) return record;
  return null;
}

function memberIn({ waves }: GroupView, { holder }: Part): Member | null {
  return waves.flatMap(({ members }) => members).find(({ id }) => id === holder) ?? null;
}

/** What the group knows of a part whose file is lost. */
function partKnown(part: Part, member: Member, { name, seq }: Rollout, joined: ClockReading): Part {
  const { finalization, generation, wave } = member;
  const fleet = { ...part.fleet, wave };
  return { ...part, finalization, rollout: name, seq, generation, joined, fleet };
}
