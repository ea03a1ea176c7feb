import type { Config } from "../../core/config/config.ts";
import type { Part, PartEnd } from "../../core/record/fleet/part.ts";
import type { FinalizationRecord } from "../../core/record/record.ts";
import { messageOf } from "../../core/refusal.ts";
import type { Host } from "../../host/process/host.ts";
import { pause } from "../../host/process/time.ts";
import type { RecordStore } from "../../state-dir/store.ts";
import { holderOf, pauseMs } from "../holder.ts";
import type { Admission, RolloutServer, Self } from "../rollouts/rollout-server.ts";
import type { Unknown } from "../slot-keeping.ts";
import { readPart, writePart } from "./part-store.ts";
import { SinceJoined, waitedMs } from "./since-joined.ts";
import { fleetTermsOf, groupOf, loadServerFor, type RolloutServerFor, selfOf } from "./terms.ts";

type Finalization = Pick<FinalizationRecord, "id" | "host" | "rollout" | "targetGeneration">;

interface PartTerms {
  readonly config: Pick<Config, "lock" | "fleet" | "proxy">;
  readonly finalization: Finalization;
  readonly serverFor?: RolloutServerFor;
}

/** How long the group is told something. */
export interface Telling {
  readonly stop: AbortSignal;
  readonly patience: "endless" | "one-try";
  /** Asked before each try, with the number of tries so far: whether it is not to be told any more. */
  readonly isOutdated?: (tries: number) => Promise<boolean>;
}

/** Takes part in the rollout of the group, for one finalization on the real host. */
export class RolloutPart {
  readonly #host: Host;
  readonly #records: RecordStore;
  readonly #config: PartTerms["config"];
  readonly #finalization: Finalization;
  readonly #serverFor: RolloutServerFor | null;
  readonly #over = new AbortController();
  readonly #sinceJoined: SinceJoined;
  /** One for the process: it knows what it has answered last. */
  #connection: { readonly key: string; readonly server: RolloutServer } | null = null;
  #tries = 0;
  #isAdmitted = false;
  #withdrawing: Promise<void> | null = null;
  #hasToldFormerWait = false;

  constructor(host: Host, records: RecordStore, terms: PartTerms) {
    this.#host = host;
    this.#records = records;
    this.#config = terms.config;
    this.#finalization = terms.finalization;
    this.#serverFor = terms.serverFor ?? null;
    this.#sinceJoined = new SinceJoined(host);
  }

  /** Whether it is the newest finalization of this host. */
  isNewest(): boolean {
    const newest = this.#records.newest();
    return newest === null || newest === this.#finalization.id;
  }

  /** Joins the rollout and asks to act, once. Only for the finalization that has the turn. */
  async admit(): Promise<Admission> {
    await this.#withdrawing;
    const part = await this.toAsk();
    if ("kind" in part) return part;
    const waitedSeconds = this.#sinceJoined.seconds(part);
    const admission = await this.ask(part, async (server, self) => {
      return await server.admit(self, waitedSeconds);
    });
    this.#isAdmitted = admission.kind === "admitted";
    const after = this.#sinceJoined.afterAnswer(part, admission);
    if (after !== part) writePart(this.#records, this.#finalization.id, after);
    return admission;
  }

  /** The part to ask with, on the disk; or why it cannot be asked. */
  async toAsk(): Promise<Part | Unknown> {
    const terms = fleetTermsOf(this.#config);
    const { id, rollout, targetGeneration: generation } = this.#finalization;
    if (terms === null || rollout === null) return { kind: "unknown", why: "it has no rollout" };
    let holder: string;
    try {
      holder = holderOf(terms.lock, this.#host.paths.machineId);
    } catch (error) {
      return { kind: "unknown", why: messageOf(error) };
    }
    const before = await this.read();
    const asking = { finalization: id, rollout, generation, holder, ...terms };
    const open = { joined: null, withoutAnswer: 0, end: null, isTold: false };
    const fresh: Part = { schemaVersion: 1, ...asking, ...open };
    const part = before === null ? fresh : this.#sinceJoined.beforeAsk(before, fresh);
    if (JSON.stringify(before) !== JSON.stringify(part)) writePart(this.#records, id, part);
    return part;
  }

  /** Waits for what may change the answer. */
  async change(signal: AbortSignal): Promise<void> {
    const connection = this.#connection;
    if (connection !== null) {
      await connection.server.change(signal);
      return;
    }
    const retry = this.#config.lock?.retry ?? 0;
    await pause(pauseMs(this.#finalization, retry, this.#tries++, 0), signal);
  }

  /** Says, in the background, that it does not act now. Once: it asks again before it acts. */
  letGo(): void {
    if (!this.#isAdmitted || this.#withdrawing !== null) return;
    this.#isAdmitted = false;
    this.#withdrawing = this.#withdraw()
      .catch((error: unknown) => {
        this.#host.say(`the rollout: ${messageOf(error)}`);
      })
      .finally(() => {
        this.#withdrawing = null;
      });
  }

  async hasLetGo(): Promise<void> {
    await this.#withdrawing;
  }

  /** How long former processes have waited since etcd answered, in milliseconds; 0 from the second call on. */
  async formerWaitMs(): Promise<number> {
    if (this.#hasToldFormerWait || fleetTermsOf(this.#config) === null) return 0;
    this.#hasToldFormerWait = true;
    const part = await this.read();
    return part === null ? 0 : waitedMs(this.#host, part);
  }

  async read(): Promise<Part | null> {
    return await readPart(this.#records, this.#finalization.id, this.#host.say);
  }

  /** Notes the end before it is told: a crash in between changes nothing. */
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

  /** Joins without a wish to act; null as for `tell`. The part with that, on the disk. */
  async join(part: Part, how: Telling): Promise<Part | null> {
    if (part.joined !== null) return part;
    const answer = await this.tell(part, async (server, self) => await server.admit(self, 0), how);
    if (answer === null) return null;
    const joined = this.#sinceJoined.afterAnswer(part, answer);
    writePart(this.#records, this.#finalization.id, joined);
    return joined;
  }

  /**
   * Tells the group something, until etcd has answered.
   *
   * @returns null if it was stopped before, does not try again, or is outdated
   */
  async tell<T extends { readonly kind: string }>(
    part: Part,
    what: (server: RolloutServer, self: Self) => Promise<T | Unknown>,
    { stop, patience, isOutdated }: Telling,
  ): Promise<T | null> {
    const over = AbortSignal.any([stop, this.#over.signal]);
    let lastProblem = "";
    for (let tries = 0; !over.aborted; tries++) {
      if ((await isOutdated?.(tries)) === true) return null;
      const told = await this.ask(part, what);
      if (!isUnknown(told)) return told;
      if (told.why !== lastProblem) {
        this.#host.say(`cannot tell the group ${groupOf(part)} yet: ${told.why}`);
      }
      lastProblem = told.why;
      if (patience === "one-try") return null;
      await pause(pauseMs(this.#finalization, part.lock.retry, tries, tries + 1), over);
    }
    return null;
  }

  /** Asks once; an error on the way is no answer. */
  async ask<T>(
    part: Part,
    what: (server: RolloutServer, self: Self) => Promise<T>,
  ): Promise<T | Unknown> {
    try {
      const server = await this.#serverOf(part);
      return await what(server, selfOf(part, this.#finalization.host));
    } catch (error) {
      return { kind: "unknown", why: messageOf(error) };
    }
  }

  async #withdraw(): Promise<void> {
    const part = await this.read();
    if (part !== null) await this.ask(part, async (server, self) => await server.withdraw(self));
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

function isUnknown(answer: { readonly kind: string }): answer is Unknown {
  return answer.kind === "unknown";
}
