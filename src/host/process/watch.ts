import { watch } from "node:fs";
import { pause } from "./time.ts";

/** An event may be lost or never sent, so a look is taken this often all the same. */
const BACKSTOP_MS = 2_000;

/**
 * Resolves at the next event in a folder, or at once where `already` holds, which
 * is asked after watching began, so that nothing is missed in between. Polls where
 * the folder cannot be watched. Waits no longer than `mostMs`.
 */
export async function nextChange(
  folder: string,
  already: () => boolean,
  signal: AbortSignal,
  mostMs = Infinity,
): Promise<void> {
  const changed = new AbortController();
  const over = AbortSignal.any([signal, changed.signal]);
  const stop = startWatching(folder, () => {
    changed.abort();
  });
  try {
    if (!already()) {
      await pause(Math.min(mostMs, stop === null ? 500 : BACKSTOP_MS), over);
    }
  } finally {
    stop?.();
  }
}

function startWatching(folder: string, onChange: () => void): (() => void) | null {
  try {
    const watcher = watch(folder, onChange);
    watcher.on("error", onChange);
    return () => {
      watcher.close();
    };
  } catch {
    return null;
  }
}
