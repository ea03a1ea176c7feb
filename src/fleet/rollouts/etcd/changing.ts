import type { Rollout } from "../../../core/fleet/rollout.ts";
import type { Appetite } from "../../../host/network/lines.ts";
import { pause, unlessEnded } from "../../../host/process/time.ts";
import type { EtcdGateway } from "../../etcd-gateway.ts";
import { pauseMs } from "../../holder.ts";
import { type Entry, isNews, watchedIn } from "./answers.ts";
import type { Keys } from "./keys.ts";
import { revisionAfter, watchOf } from "./requests.ts";

/**
 * Seconds, plus or minus a random half, after which a host looks again without any news: a host that was
 * killed between its end and the waking of the others wakes nobody.
 */
const BACKSTOP = 300;

/** A member is taken for silent after so many times the limit of a request, plus or minus a random half. */
const SILENCE = 3;

/** The changes that may open or close a gate, or all. */
export type Watching = "gates" | "everything";

export interface ChangeTerms {
  readonly gateway: EtcdGateway;
  readonly keys: Keys;
  /** Seconds between two tries if the watch cannot be made. */
  readonly retry: number;
  /** The limit of a request, in seconds. */
  readonly timeout: number;
  /** The number of members of etcd that are known. */
  readonly members: number;
  /** Differs between hosts. */
  readonly who: { readonly host: string; readonly id: string };
}

/** What was read last. */
interface Seen {
  readonly revision: string;
  readonly rollout: Rollout | null;
}

/** A watch, and whether a line of it is news. */
interface Wanted {
  readonly request: object;
  readonly onLine: (line: string) => Appetite;
}

/** The changes of a rollout since it was read last. */
export class Changes {
  readonly #terms: ChangeTerms;
  #read: Seen | null = null;
  /** Milliseconds until something changes without a change in etcd. */
  #dueMs = Infinity;
  /** Answers in a row that are unknown. */
  #failures = 0;
  #tries = 0;

  constructor(terms: ChangeTerms) {
    this.#terms = terms;
  }

  /** What was read: only changes after it are news. */
  read = (revision: string, rollout: Rollout | null): void => {
    this.#read = { revision, rollout };
    this.#failures = 0;
  };

  /**
   * The caller was given this answer.
   *
   * @param dueMs after which another look is worthwhile without any news
   */
  after<T extends { readonly kind: string }>(answer: T, dueMs = Infinity): T {
    this.#dueMs = dueMs;
    if (answer.kind === "unknown") this.#failures++;
    return answer;
  }

  /** Resolves at the next change, and then and when without. Never rejects. */
  async next(signal: AbortSignal, of: Watching = "gates"): Promise<void> {
    const read = this.#read;
    if (read === null || this.#failures > 0) {
      await this.#pause(signal);
      return;
    }
    const { who } = this.#terms;
    const most = Math.min(pauseMs(who, BACKSTOP, this.#tries++, 0), this.#dueMs);
    const wanted = this.#wanted(read, of);
    await unlessEnded(
      signal,
      async (either) => {
        await this.#untilNews(wanted, either);
      },
      async (either) => {
        await pause(most, either);
      },
    );
  }

  #wanted({ revision, rollout }: Seen, of: Watching): Wanted {
    const { keys } = this.#terms;
    const range = of === "gates" ? keys.watched : keys.everything;
    const hasNews = (entries: readonly (Entry | "removed")[]): boolean =>
      entries.some((entry) => isNews(keys, entry, rollout));
    const onLine = (line: string): Appetite => {
      const watched = watchedIn(line);
      if (watched.kind === "compacted") return "enough";
      if (watched.kind === "nothing") return "more";
      const isEnough = of === "everything" || hasNews(watched.entries);
      return isEnough ? "enough" : "more";
    };
    return { request: watchOf(range, revisionAfter(revision)), onLine };
  }

  async #untilNews(wanted: Wanted, signal: AbortSignal): Promise<void> {
    await unlessEnded(
      signal,
      async (either) => {
        await this.#watch(wanted, either);
      },
      async (either) => {
        await this.#watchAnother(wanted, either);
      },
    );
  }

  async #watch({ request, onLine }: Wanted, signal: AbortSignal): Promise<void> {
    const { gateway, members } = this.#terms;
    // A watch that breaks goes on with another member; each member is asked, and one of them twice.
    for (let tries = 0; tries <= members && !signal.aborted; tries++) {
      try {
        await gateway.stream("v3/watch", request, signal, onLine);
        return;
      } catch {
        // The next member has the same news.
      }
    }
    await this.#pause(signal);
  }

  /**
   * Watches a second member too if the first one is silent for a while: it may be frozen, and then no error
   * comes. That is one request for each long wait, however long it is. Only news end it.
   */
  async #watchAnother({ request, onLine }: Wanted, signal: AbortSignal): Promise<void> {
    const { gateway, members, timeout, who } = this.#terms;
    await pause(pauseMs(who, SILENCE * timeout, this.#tries, 0), signal);
    for (let ahead = 1; ahead < members && !signal.aborted; ahead++) {
      try {
        await gateway.stream("v3/watch", request, signal, onLine, ahead);
        return;
      } catch {
        // The first one is watched on.
      }
    }
    await aborted(signal);
  }

  async #pause(signal: AbortSignal): Promise<void> {
    const { who, retry } = this.#terms;
    await pause(pauseMs(who, retry, this.#tries++, this.#failures), signal);
  }
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise((resolve) => {
    signal.addEventListener("abort", resolve, { once: true });
  });
}
