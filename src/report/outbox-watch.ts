import { watch } from "node:fs";
import { pause } from "../host/process/time.ts";
import { type Outbox, WAKE } from "./outbox.ts";

/** The delay if an event is lost or the folder cannot be watched. */
const LONGEST_MS = 60_000;

/** Watches what other processes do to an outbox while this process delivers from it. */
export class OutboxWatch implements Disposable {
  readonly #outbox: Outbox;
  readonly #known = new Set<string>();
  readonly #stopWatching: () => void;
  #isCalled = false;
  #bell = new AbortController();

  constructor(outbox: Outbox) {
    this.#outbox = outbox;
    this.#stopWatching = startWatching(outbox.folder, (file) => {
      if (file === WAKE) this.#isCalled = true;
      if (file === WAKE || this.#isNew(file)) this.ring();
    });
  }

  /** Whether another process asked for a try or added a report since the last call. */
  take(): "some" | "none" {
    const unknown = this.#outbox.names("json").filter((name) => !this.#known.has(name));
    for (const name of unknown) this.#known.add(name);
    const isSome = this.#isCalled || unknown.length > 0;
    this.#isCalled = false;
    return isSome ? "some" : "none";
  }

  /** Ends the current wait, or the next one. */
  ring(): void {
    this.#bell.abort();
  }

  /** Waits until the outbox may have changed, `ring` is called, the time is over, or `stop` is aborted. */
  async wait(ms: number, stop: AbortSignal): Promise<void> {
    const signal = AbortSignal.any([stop, this.#bell.signal]);
    await pause(Math.min(ms, LONGEST_MS), signal);
    this.#bell = new AbortController();
  }

  #isNew(file: string | null): boolean {
    return file?.endsWith(".json") === true && !this.#known.has(file.slice(0, -".json".length));
  }

  [Symbol.dispose](): void {
    this.#stopWatching();
  }
}

function startWatching(folder: string, onChange: (file: string | null) => void): () => void {
  try {
    const watcher = watch(folder, (_, file) => {
      onChange(file);
    });
    watcher.on("error", () => {});
    return () => {
      watcher.close();
    };
  } catch {
    return () => {};
  }
}
