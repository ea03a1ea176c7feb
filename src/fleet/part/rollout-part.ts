import type { Config } from "../../core/config/config.ts";
import type { FleetConfig } from "../../core/config/fleet/fleet-config.ts";
import type { EtcdLockConfig } from "../../core/config/lock-config.ts";
import type { ProxyConfig } from "../../core/config/proxy-config.ts";
import { type ClockReading, secondsLeft } from "../../core/record/clock.ts";
import type { Part, PartEnd } from "../../core/record/fleet/part.ts";
import type { FinalizationRecord } from "../../core/record/record.ts";
import { messageOf } from "../../core/refusal.ts";
import { readClock, TimeLimit } from "../../host/process/clock.ts";
import type { Host } from "../../host/process/host.ts";
import { pause, unlessEnded } from "../../host/process/time.ts";
import type { RecordStore } from "../../state-dir/store.ts";
import { holderOf, pauseMs } from "../holder.ts";
import type { Admission, RolloutServer, Self, Told } from "../rollouts/rollout-server.ts";
import { readPart, writePart } from "./part-store.ts";

/** The rollouts of a group; tests hand in their own. */
export type RolloutServerFor = (
  lock: EtcdLockConfig,
  fleet: FleetConfig,
  holder: string,
  now: () => Date,
  proxy: ProxyConfig,
) => RolloutServer;

/** Loaded only by a host that takes part. */
export async function loadServerFor(): Promise<RolloutServerFor> {
  const { rolloutServerFor } = await import("../rollouts/rollout-access.ts");
  return rolloutServerFor;
}

/** What a configuration says of rollouts. */
export interface FleetTerms {
  readonly lock: EtcdLockConfig;
  readonly fleet: FleetConfig;
}

/** Null if no rollouts are configured. */
export function fleetTermsOf({ lock, fleet }: Pick<Config, "lock" | "fleet">): FleetTerms | null {
  return fleet === null || lock?.backend !== "etcd" ? null : { lock, fleet };
}

type Finalization = Pick<FinalizationRecord, "id" | "host" | "rollout" | "targetGeneration">;

interface PartTerms {
  readonly config: Pick<Config, "lock" | "fleet" | "proxy">;
  readonly finalization: Finalization;
  readonly serverFor?: RolloutServerFor;
}

interface Connection {
  readonly key: string;
  readonly server: RolloutServer;
}

/** Takes part in the rollout of the group, for one finalization on the real host. */
export class RolloutPart {
  readonly #host: Host;
  readonly #records: RecordStore;
  readonly #config: PartTerms["config"];
  readonly #finalization: Finalization;
  readonly #serverFor: RolloutServerFor | null;
  /** One for the process: it knows what it has answered last. */
  #connection: Connection | null = null;
  /** How long it has waited since it joined, as a limit that ends after `joinWithin`. */
  #joining: { readonly since: string; readonly time: TimeLimit } | null = null;
  /** Since when etcd does not answer; null while it does. */
  #silentSinceMs: number | null = null;
  readonly #over = new AbortController();
  #tries = 0;
  #failures = 0;
  #withdrawing: Promise<void> | null = null;
  #isAdmitted = false;

  constructor(host: Host, records: RecordStore, terms: PartTerms) {
    this.#host = host;
    this.#records = records;
    this.#config = terms.config;
    this.#finalization = terms.finalization;
    this.#serverFor = terms.serverFor ?? null;
  }

  /** Whether it is the newest finalization: an older one must not join, because nobody could tell which is newer. */
  isNewest(): boolean {
    const newest = this.#records.newest();
    return newest === null || newest === this.#finalization.id;
  }

  /** Joins the rollout and asks to act, once. Only for the finalization that has the turn. */
  async admit(): Promise<Admission> {
    await this.#withdrawing;
    const part = await this.#toAsk();
    if ("kind" in part) return this.#counted(part);
    const waitedSeconds = Math.max(0, this.#waitedSeconds(part) - this.#silentMs() / 1000);
    const admission = await this.ask(part, async (server, self) => {
      return await server.admit(self, waitedSeconds);
    });
    this.#isAdmitted = admission.kind === "admitted";
    this.#noteAnswer(part, admission);
    return this.#counted(admission);
  }

  /** Waits for what may change the answer: the rollout, or the end of `joinWithin`. */
  async change(signal: AbortSignal): Promise<void> {
    const connection = this.#connection;
    if (connection === null || this.#failures > 0) {
      await this.#pause(signal);
      return;
    }
    const leftMs = this.#joining?.time.leftMs() ?? 0;
    await unlessEnded(
      signal,
      async (over) => {
        await connection.server.change(over);
      },
      async (over) => {
        await pause(leftMs > 0 ? leftMs : Infinity, over);
      },
    );
  }

  /** Says, in the background, that it does not act now. Once: it asks again before it acts. */
  letGo(): void {
    if (!this.#isAdmitted || this.#withdrawing !== null) return;
    this.#isAdmitted = false;
    this.#withdrawing = this.#withdraw()
      .catch(this.#warn)
      .finally(() => {
        this.#withdrawing = null;
      });
  }

  async hasLetGo(): Promise<void> {
    await this.#withdrawing;
  }

  /** How long it has waited since it joined, in milliseconds: for a process that takes it up again. */
  async waitedMs(): Promise<number> {
    if (fleetTermsOf(this.#config) === null) return 0;
    const part = await this.read();
    return part === null ? 0 : 1000 * this.#waitedSeconds(part);
  }

  async read(): Promise<Part | null> {
    return await readPart(this.#records, this.#finalization.id, this.#host.say);
  }

  /** Notes the end, which `tell` tells then: a crash in between changes nothing. */
  note(part: Part, end: PartEnd): Part {
    const noted: Part = { ...part, end, isTold: end.kind === "handed-on" };
    writePart(this.#records, this.#finalization.id, noted);
    return noted;
  }

  noteTold(part: Part): void {
    writePart(this.#records, this.#finalization.id, { ...part, isTold: true });
  }

  /** Ends what goes on in the background. */
  end(): void {
    this.#over.abort();
  }

  /**
   * Tells the group something, until etcd has answered.
   *
   * @returns null if it was stopped before
   */
  async tell(
    part: Part,
    what: (server: RolloutServer, self: Self) => Promise<Told>,
    signal: AbortSignal,
  ): Promise<Exclude<Told, { kind: "unknown" }> | null> {
    const over = AbortSignal.any([signal, this.#over.signal]);
    let lastProblem = "";
    for (let tries = 0; !over.aborted; tries++) {
      const told = await this.ask(part, what);
      if (told.kind !== "unknown") return told;
      if (told.why !== lastProblem) {
        this.#host.say(`cannot tell the group ${groupOf(part)} yet: ${told.why}`);
      }
      lastProblem = told.why;
      await pause(pauseMs(this.#finalization, part.lock.retry, tries, tries + 1), over);
    }
    return null;
  }

  /** Asks once; an error on the way is no answer. */
  async ask<T>(
    part: Part,
    what: (server: RolloutServer, self: Self) => Promise<T>,
  ): Promise<T | { readonly kind: "unknown"; readonly why: string }> {
    try {
      const server = await this.#serverOf(part);
      return await what(server, selfOf(part, this.#finalization.host));
    } catch (error) {
      return { kind: "unknown", why: messageOf(error) };
    }
  }

  /** An error in the background must not end the process. */
  readonly #warn = (error: unknown): void => {
    this.#host.say(`the rollout: ${messageOf(error)}`);
  };

  async #withdraw(): Promise<void> {
    const part = await this.read();
    if (part !== null) await this.ask(part, async (server, self) => await server.withdraw(self));
  }

  /** The part to ask with, on the disk; or why it cannot be asked. */
  async #toAsk(): Promise<Part | { readonly kind: "unknown"; readonly why: string }> {
    const terms = fleetTermsOf(this.#config);
    const { id, rollout, targetGeneration } = this.#finalization;
    if (terms === null || rollout === null) return { kind: "unknown", why: "it has no rollout" };
    let holder: string;
    try {
      holder = holderOf(terms.lock, this.#host.paths.machineId);
    } catch (error) {
      return { kind: "unknown", why: messageOf(error) };
    }
    const before = await this.read();
    const asking = { finalization: id, rollout, generation: targetGeneration, holder, ...terms };
    const part: Part = {
      schemaVersion: 1,
      ...asking,
      joined: before?.joined ?? null,
      withoutAnswer: before?.withoutAnswer ?? 0,
      end: null,
      isTold: false,
    };
    if (JSON.stringify(before) !== JSON.stringify(part)) writePart(this.#records, id, part);
    return part;
  }

  #waitedSeconds(part: Part): number {
    const { joined, fleet, withoutAnswer } = part;
    if (joined === null) return 0;
    if (this.#joining?.since !== joined.at) {
      const limit = fleet.joinWithin + withoutAnswer;
      const time = new TimeLimit(this.#host, (now) => secondsLeft(limit, joined, now));
      this.#joining = { since: joined.at, time };
    }
    return Math.max(0, fleet.joinWithin - this.#joining.time.leftMs() / 1000);
  }

  /** While etcd does not answer, no other host can join either: that time does not count. */
  #noteAnswer(part: Part, { kind }: Admission): void {
    if (kind === "unknown") {
      this.#silentSinceMs ??= this.#host.elapsedMs();
      return;
    }
    const silentMs = this.#silentMs();
    this.#silentSinceMs = null;
    if (part.joined !== null && silentMs === 0) return;
    const joined: ClockReading = part.joined ?? readClock(this.#host);
    const withoutAnswer = part.joined === null ? 0 : part.withoutAnswer + silentMs / 1000;
    this.#joining?.time.extend(part.joined === null ? 0 : silentMs);
    writePart(this.#records, this.#finalization.id, { ...part, joined, withoutAnswer });
    this.#waitedSeconds({ ...part, joined, withoutAnswer });
  }

  #silentMs(): number {
    return this.#silentSinceMs === null ? 0 : this.#host.elapsedMs() - this.#silentSinceMs;
  }

  #counted(admission: Admission): Admission {
    this.#tries++;
    this.#failures = admission.kind === "unknown" ? this.#failures + 1 : 0;
    return admission;
  }

  async #pause(signal: AbortSignal): Promise<void> {
    const retry = this.#config.lock?.retry ?? RETRY;
    await pause(pauseMs(this.#finalization, retry, this.#tries, this.#failures), signal);
  }

  async #serverOf({ lock, fleet, holder }: Part): Promise<RolloutServer> {
    const key = JSON.stringify([lock, fleet, holder]);
    if (this.#connection?.key === key) return this.#connection.server;
    const serverFor = this.#serverFor ?? (await loadServerFor());
    const server = serverFor(lock, fleet, holder, this.#host.now, this.#config.proxy);
    this.#connection = { key, server };
    return server;
  }
}

/** Seconds between two tries if the lock is not configured any more. */
const RETRY = 30;

export function groupOf({ lock, fleet }: FleetTerms): string {
  return fleet.group ?? lock.group;
}

export function selfOf(
  part: Pick<Part, "finalization" | "rollout" | "generation" | "holder" | "fleet">,
  host: string,
): Self {
  const { finalization, rollout, generation, holder, fleet } = part;
  const { wave, maxFailures, joinWithin, onMissing } = fleet;
  const terms = { wave, maxFailures, joinWithin, onMissing };
  return { id: holder, host, rollout, finalization, generation, ...terms };
}
