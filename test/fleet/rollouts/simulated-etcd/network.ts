import type { HttpAnswer, HttpRequest, HttpTerms } from "../../../../src/host/network/http.ts";
import type { Appetite } from "../../../../src/host/network/lines.ts";
import type { Time } from "../../../../bench/fleet/rollouts/time.ts";
import { transactionIn, watchIn } from "./requests.ts";
import { type EtcdStore, eventOf } from "./store.ts";

export interface NetworkTerms {
  readonly time: Time;
  readonly random: () => number;
  /** The longest way of a request or an answer, in milliseconds. */
  readonly delayMs: number;
  /** How probable it is that a request is lost, that its answer is, and that a watch breaks. */
  readonly loss: number;
}

const NO_ANSWER = "etcd.example: no answer within 10 s";
/** How probable it is that a request without an answer is carried out all the same, and how much later. */
const LATE = 0.5;
const LATEST_MS = 1000;

/** What the program has in place of its functions for HTTP. */
export interface Network {
  readonly send: (request: HttpRequest, terms: HttpTerms) => Promise<HttpAnswer>;
  readonly sendForLines: (
    request: HttpRequest,
    terms: HttpTerms,
    onLine: (line: string) => Appetite,
  ) => Promise<HttpAnswer | null>;
}

/**
 * The network between a process and etcd. What a process has sent before its death arrives; nothing
 * reaches it any more.
 */
export function networkTo(store: EtcdStore, terms: NetworkTerms, death: AbortSignal): Network {
  const { time, random, delayMs, loss } = terms;
  const way = async (): Promise<void> => {
    await time.pause(random() * delayMs);
  };
  const arrives = async (): Promise<void> => {
    await (death.aborted ? new Promise<never>(() => {}) : way());
  };
  const mayLose = (): void => {
    if (random() < loss) throw new Error(NO_ANSWER);
  };
  const late = async (transact: () => object): Promise<void> => {
    await time.pause(random() * LATEST_MS);
    answerOf(transact);
  };
  return {
    send: async ({ url, body }) => {
      await arrives();
      if (!url.endsWith("/v3/kv/txn")) throw new Error(`the simulated etcd does not have ${url}`);
      if (random() < loss) {
        // It comes late, or never.
        if (random() < LATE) void late(() => store.transact(transactionIn(body)));
        throw new Error(NO_ANSWER);
      }
      const answer = answerOf(() => store.transact(transactionIn(body)));
      await way();
      mayLose();
      await arrives();
      return answer;
    },
    sendForLines: async ({ body }, { within }, onLine) => {
      await arrives();
      const { start_revision: start, key, range_end: end } = watchIn(body);
      const range = end === undefined ? { key } : { key, end };
      const signal = typeof within === "number" ? death : AbortSignal.any([within, death]);
      let from = start === 0 ? store.revision + 1 : start;
      if (onLine(lineOf({ header: store.header(), created: true })) === "enough") return null;
      while (!signal.aborted) {
        const news = store.changes(range, from);
        from = store.revision + 1;
        if (news.length === 0) await changed(store, signal);
        else {
          await way();
          mayLose();
          if (death.aborted) break;
          const line = lineOf({ header: store.header(), events: news.map(eventOf) });
          if (onLine(line) === "enough") return null;
        }
      }
      await arrives();
      throw new Error("etcd.example: the stream has ended");
    },
  };
}

function answerOf(transact: () => object): HttpAnswer {
  try {
    return { status: 200, headers: {}, text: JSON.stringify(transact()) };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { status: 400, headers: {}, text: JSON.stringify({ code: 3, message }) };
  }
}

function lineOf(result: object): string {
  return JSON.stringify({ result });
}

async function changed(store: EtcdStore, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const end = (): void => {
      stop();
      signal.removeEventListener("abort", end);
      resolve();
    };
    const stop = store.listen(end);
    signal.addEventListener("abort", end);
    if (signal.aborted) end();
  });
}
