import { secondsLeft } from "../../core/record/clock.ts";
import type { Part, PartEnd } from "../../core/record/fleet/part.ts";
import { eventEntry } from "../../core/record/journal-entry.ts";
import type { FinalizationRecord } from "../../core/record/record.ts";
import { messageOf } from "../../core/refusal.ts";
import type { Told } from "../../fleet/rollouts/rollout-server.ts";
import { TimeLimit } from "../../host/process/clock.ts";
import type { FinalizationContext } from "../context.ts";
import { givesUp, type Outdated, outdatedEnd } from "./outdated-end.ts";
import { endAfterOvertaken, goesBack, handOnToReboot, partAtEnd } from "./end-to-tell.ts";
import { type Request, requestOf, seenWhenTold, sendEnd, soaks } from "./send-end.ts";
import { type Soak, soak } from "./soak.ts";
import { WatchedSoak } from "./watched-soak.ts";

/** Tells the group of a rollout how a finalization has ended, until etcd has answered. */
export class RolloutEnd {
  readonly #context: FinalizationContext;
  #hasForeseen = false;
  /** The end that is being told; resolves to false if that was stopped. */
  #telling: Promise<boolean> | null = null;

  constructor(context: FinalizationContext) {
    this.#context = context;
  }

  /** A rollback takes minutes, in which no other host is to act. Nothing here may keep it up. */
  foresee(record: FinalizationRecord): void {
    if (!goesBack(record) || this.#hasForeseen) return;
    this.#hasForeseen = true;
    void this.begin(record);
  }

  /**
   * Tells in the background what is certain already; a live host has to soak first. Never fails, because the
   * clean-up comes first: `settle` tries again.
   */
  async begin(record: FinalizationRecord): Promise<void> {
    await this.#begin(record).catch(this.#warn);
  }

  async #begin(record: FinalizationRecord): Promise<void> {
    const part = await partAtEnd(this.#context, record);
    const request = part === null || part.isTold ? null : requestOf(part.end);
    if (part === null || request === null) return;
    this.#telling ??= this.#tell(record, part, request);
    this.#telling.catch(this.#warn);
  }

  /**
   * Does the rest: a live host soaks first.
   *
   * @returns false if this process is stopped before
   */
  async settle(record: FinalizationRecord): Promise<boolean> {
    const ended = await partAtEnd(this.#context, record);
    if (ended === null || ended.isTold) return true;
    const handed = await handOnToReboot(this.#context, record, ended);
    if (!handed.isTold) await this.#driveOthers(record);
    const part = await this.#soaked(record, handed);
    if (part === null) return false;
    const request = part.isTold ? null : requestOf(part.end);
    return request === null || (await (this.#telling ?? this.#tell(record, part, request)));
  }

  /** What a process does at its end: this one may stay for long. */
  async #driveOthers(record: FinalizationRecord): Promise<void> {
    const { host } = this.#context;
    await host.driveOthers?.(record).catch((error: unknown) => {
      host.say(`cannot look whether the newest finalization continues: ${messageOf(error)}`);
    });
  }

  readonly #warn = (error: unknown): void => {
    this.#context.host.say(`the rollout: ${messageOf(error)}`);
  };

  async #tell(record: FinalizationRecord, part: Part, request: Request): Promise<boolean> {
    const { rollout, stop } = this.#context;
    const ended = { id: record.id, endedAt: new Date(record.timeline.at(-1)?.at ?? "") };
    const seen: { outdated: Outdated | null } = { outdated: null };
    const isOutdated = async (tries: number): Promise<boolean> => {
      seen.outdated = await outdatedEnd(this.#context, ended, part, tries);
      return seen.outdated !== null;
    };
    const how = { stop, patience: this.#patience(part), isOutdated };
    const sent = await sendEnd(this.#context, part, request, how);
    if (seen.outdated !== null) return await this.#tellInstead(record, part, seen.outdated);
    if (sent === null) return false;
    // First: after a crash it is told again, and answered with the numbers again.
    await this.#report(record, sent.part, sent.told);
    rollout.noteTold(sent.part);
    return true;
  }

  async #tellInstead(
    record: FinalizationRecord,
    before: Part,
    outdated: Outdated,
  ): Promise<boolean> {
    const { host, rollout } = this.#context;
    const part = (await rollout.read()) ?? before;
    if (outdated.kind === "give-up") {
      host.say(givesUp(part, outdated.why));
      rollout.noteTold(part);
      return true;
    }
    const noted = rollout.note(part, outdated.end);
    const request = requestOf(noted.end);
    return request === null || (await this.#tell(record, noted, request));
  }

  /** A person who cancels does not wait for etcd: the unit goes on. */
  #patience({ end }: Part): "endless" | "one-try" {
    return end?.kind === "left" && this.#context.host.ownUnit === undefined ? "one-try" : "endless";
  }

  async #tellSoak(record: FinalizationRecord, part: Part, until: AbortSignal): Promise<void> {
    const { rollout } = this.#context;
    const how = { stop: until, patience: "endless" } as const;
    const joined = await rollout.join(part, how);
    const told = joined === null ? null : await rollout.tell(joined, soaks, how);
    if (told !== null) await this.#report(record, part, told);
  }

  async #report(record: FinalizationRecord, part: Part, told: Told): Promise<void> {
    const seen = seenWhenTold(part, told);
    if (seen !== null) await this.#context.host.report?.rollout(record, seen);
  }

  /** The part with the end after the soak; null if this process is stopped before. */
  async #soaked(record: FinalizationRecord, part: Part): Promise<Part | null> {
    const { host, rollout, stop } = this.#context;
    const { end, fleet } = part;
    if (end?.kind !== "soaking") return part;
    const watched = new WatchedSoak(this.#context, end);
    const taken = watched.takeUp(part);
    const over = new AbortController();
    const until = AbortSignal.any([stop, over.signal]);
    const telling = this.#tellSoak(record, taken, until).catch(this.#warn);
    const time = new TimeLimit(host, (now) => secondsLeft(fleet.soak, end.since, now));
    const soaking = { seconds: fleet.soak, time, boot: watched.boot };
    const next = await this.#endAfter(record, soaking).finally(() => {
      over.abort();
    });
    // It writes the part too, if it has joined only now.
    await telling;
    const last = (await rollout.read()) ?? taken;
    if (next !== null) return rollout.note(last, next);
    watched.leave(last);
    return null;
  }

  async #endAfter(record: FinalizationRecord, soaking: Soak): Promise<PartEnd | null> {
    const { host } = this.#context;
    const end = await soak(this.#context, record, soaking);
    switch (end.kind) {
      case "healthy":
        return { kind: "live" };
      case "unhealthy": {
        const why = `unhealthy while it soaked: ${end.why}`;
        await host.journal.announce(eventEntry("soak-failed", record.id, why));
        return { kind: "failed", why };
      }
      case "overtaken":
        return await endAfterOvertaken(this.#context, end.by);
      case "stopped":
        return null;
    }
  }
}
