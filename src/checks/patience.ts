import { pause } from "../host/process/time.ts";

const TRIES = 10;
const PAUSE_MS = 500;

/** Asks systemd again if it fails: a switch may have started it again, and it does not answer for a moment. */
export async function patiently<T>(ask: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await ask();
    } catch (error) {
      if (tries >= TRIES || signal.aborted) throw error;
      await pause(PAUSE_MS, signal);
    }
  }
}
