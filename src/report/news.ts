import { watch } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { Outbox } from "./outbox.ts";

/** An event may be lost, or the folder not be watched: then this is how late news are seen. */
const LONGEST_MS = 60_000;

/**
 * Waits until somebody puts something into the outbox or calls for hurry, until the time is
 * over, or until it is to stop.
 *
 * @param names what was in the outbox when it was last looked at
 */
export async function untilNews(
  outbox: Outbox,
  names: readonly string[],
  ms: number,
  stop: AbortSignal,
): Promise<"some" | "none"> {
  const news = new AbortController();
  const stopWatching = startWatching(outbox.folder, () => {
    news.abort();
  });
  const haveNamesChanged = (): boolean => outbox.names().join("\n") !== names.join("\n");
  try {
    // Looked at after watching began, so that nothing is missed in between.
    if (haveNamesChanged()) return "some";
    const signal = AbortSignal.any([stop, news.signal]);
    await sleep(Math.min(ms, LONGEST_MS), undefined, { signal }).catch(() => {});
    return news.signal.aborted || haveNamesChanged() ? "some" : "none";
  } finally {
    stopWatching();
  }
}

function startWatching(folder: string, onChange: () => void): () => void {
  try {
    const watcher = watch(folder, onChange);
    watcher.on("error", () => {});
    return () => {
      watcher.close();
    };
  } catch {
    return () => {};
  }
}
