import type { Rollout } from "../../../core/fleet/rollout.ts";
import { pause, unlessEnded } from "../../../host/process/time.ts";
import type { EtcdGateway } from "../../etcd-gateway.ts";
import { pauseMs } from "../../holder.ts";
import { isNews, watchedIn } from "./answers.ts";
import type { Keys } from "./keys.ts";
import { revisionAfter, watchOf } from "./requests.ts";

/**
 * Seconds, plus or minus a random half, after which a host looks again without any news: a host that was
 * killed between its end and the waking of the others wakes nobody.
 */
const BACKSTOP = 300;

export interface ChangeTerms {
  readonly gateway: EtcdGateway;
  readonly keys: Keys;
  /** Seconds between two tries if the watch cannot be made. */
  readonly retry: number;
  /** The number of members of etcd that are known. */
  readonly members: number;
  /** Differs between hosts. */
  readonly who: { readonly host: string; readonly id: string };
}

/** The changes of a rollout since it was read last. */
export class Changes {
  readonly #terms: ChangeTerms;
  #read: { readonly revision: string; readonly rollout: Rollout | null } | null = null;
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
  async next(signal: AbortSignal): Promise<void> {
    const read = this.#read;
    if (read === null || this.#failures > 0) {
      await this.#pause(signal);
      return;
    }
    const { who } = this.#terms;
    const most = Math.min(pauseMs(who, BACKSTOP, this.#tries++, 0), this.#dueMs);
    await unlessEnded(
      signal,
      async (either) => {
        await this.#untilNews(read, either);
      },
      async (either) => {
        await pause(most, either);
      },
    );
  }

  async #untilNews(
    { revision, rollout }: { revision: string; rollout: Rollout | null },
    signal: AbortSignal,
  ): Promise<void> {
    const { gateway, keys, members } = this.#terms;
    const request = watchOf(keys.watched, revisionAfter(revision));
    // A watch that breaks goes on with another member; each member is asked, and one of them twice.
    for (let tries = 0; tries <= members && !signal.aborted; tries++) {
      try {
        await gateway.stream("v3/watch", request, signal, (line) => {
          const watched = watchedIn(line);
          if (watched.kind === "compacted") return "enough";
          if (watched.kind === "nothing") return "more";
          return watched.entries.some((entry) => isNews(keys, entry, rollout)) ? "enough" : "more";
        });
        return;
      } catch {
        // The next member has the same news.
      }
    }
    await this.#pause(signal);
  }

  async #pause(signal: AbortSignal): Promise<void> {
    const { who, retry } = this.#terms;
    await pause(pauseMs(who, retry, this.#tries++, this.#failures), signal);
  }
}
