import { delay } from "./delay.ts";
import type { Gate } from "./gate.ts";
import { switchLock } from "./switch-lock.ts";

/** Every gate, in the order in which they are waited for. */
export const GATES: readonly Gate[] = [delay, switchLock];
