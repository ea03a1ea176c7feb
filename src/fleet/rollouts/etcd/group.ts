import { messageOf } from "../../../core/refusal.ts";
import { pause } from "../../../host/process/time.ts";
import { NotSent } from "../../../host/network/http.ts";
import { UnreadFile } from "../../../host/files/unread-file.ts";
import { Denied, type EtcdGateway, guarded } from "../../etcd-gateway.ts";
import { fractionOf } from "../../holder.ts";
import type { Unknown } from "../../slot-keeping.ts";
import { type Answer, answerIn } from "./answers.ts";
import { Keys } from "./keys.ts";
import { type Condition, type Look, type Operation, transactionOf } from "./requests.ts";

/** What all requests for the rollouts of a group need. */
export interface GroupTerms {
  /** The first part of the keys. */
  readonly prefix: string;
  readonly gateway: EtcdGateway;
  /** The name of the group. */
  readonly name: string;
  /** Differs between hosts: they do not try again at the same moment. */
  readonly salt: string;
  readonly now: () => Date;
}

/** A transaction without an answer: it may have been carried out, or may be later. */
class NoAnswer extends Error {
  override readonly name = "NoAnswer";
}

/** More lost races in a row are no chance. */
const MOST_RACES = 12;

/** More would only make the caller wait: it comes again after a pause. */
const MOST_LOST = 3;

/** The first pause after a lost race, and the longest, in milliseconds. */
const FIRST_PAUSE_MS = 5;
const LONGEST_PAUSE_MS = 500;

/** What a try returns if others have changed meanwhile what it relied on. */
export const AGAIN = Symbol("again");

/** The keys of a group, and transactions on them. */
export class EtcdGroup {
  readonly name: string;
  readonly keys: Keys;
  readonly now: () => Date;
  readonly #gateway: EtcdGateway;
  readonly #salt: string;
  #races = 0;
  #changes = 0;

  constructor({ prefix, gateway, name, salt, now }: GroupTerms) {
    this.name = name;
    this.keys = new Keys(prefix, name);
    this.now = now;
    this.#gateway = gateway;
    this.#salt = salt;
  }

  /** How many transactions were carried out, or may have been. */
  get changes(): number {
    return this.#changes;
  }

  /** What the group holds at one moment; a majority of the members answers. */
  async look(...looks: readonly Omit<Look, "kind">[]): Promise<Answer> {
    const operations = looks.map((look) => ({ kind: "look" as const, ...look }));
    return answerIn(await this.#gateway.ask("v3/kv/txn", transactionOf([], operations)));
  }

  /** @returns null if a condition did not hold: the attempt is then to be made AGAIN */
  async commit(
    conditions: readonly Condition[],
    operations: readonly Operation[],
  ): Promise<Answer | null> {
    const request = transactionOf(conditions, operations);
    let answered: unknown;
    try {
      answered = await this.#gateway.askOnce("v3/kv/txn", request);
    } catch (error) {
      const isUndone = [NotSent, UnreadFile, Denied].some((kind) => error instanceof kind);
      if (!isUndone) this.#changes++;
      throw new NoAnswer(messageOf(error), { cause: error });
    }
    const answer = this.#readAnswer(answered);
    if (!answer.succeeded) return null;
    this.#changes++;
    return answer;
  }

  /** An answer that is not one of etcd does not say that nothing was changed. */
  #readAnswer(answered: unknown): Answer {
    try {
      return answerIn(answered);
    } catch (error) {
      this.#changes++;
      throw error;
    }
  }

  /**
   * Reads, decides and tries by `attempt`, until it comes to something. After a transaction without an
   * answer it reads again too.
   */
  async decide<T>(attempt: () => Promise<T | typeof AGAIN>): Promise<T | Unknown> {
    return await guarded(async () => {
      let [races, lost] = [0, 0];
      for (;;) {
        try {
          const result = await attempt();
          if (result !== AGAIN) return result;
          if (++races >= MOST_RACES) throw new Error("other hosts were faster, again and again");
        } catch (error) {
          if (!(error instanceof NoAnswer) || ++lost >= MOST_LOST) throw error;
        }
        await this.#pause(races + lost);
      }
    });
  }

  async #pause(tries: number): Promise<void> {
    const most = Math.min(FIRST_PAUSE_MS * 2 ** tries, LONGEST_PAUSE_MS);
    const fraction = fractionOf(`${this.#salt} ${this.#races++}`);
    await pause(most * fraction, new AbortController().signal);
  }
}
