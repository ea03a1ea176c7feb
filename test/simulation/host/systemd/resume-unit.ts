import { readFileSync } from "node:fs";
import { join } from "node:path";
import { CONFIG } from "../systems.ts";
import type { Service } from "./units.ts";

/** The file of the module, below the project's folder. */
export const MODULE = "nix/module/resume.nix";

/** What systemd makes of `Restart=` alone: 100 ms, with longer and longer pauses if they are configured. */
const RESTART_MS = 1000;

/** The units that continue after a boot, as the module has them. */
export interface ResumeUnits {
  readonly service: Service;
  /** Milliseconds after the begin of a boot at which a timer starts it in any case; null for no timer. */
  readonly timerMs: number | null;
  /** Whether emergency mode starts it. */
  readonly isForEmergency: boolean;
}

export function moduleText(): string {
  return readFileSync(join(import.meta.dirname, "../../../..", MODULE), "utf8");
}

/** @param text the module's */
export function resumeUnits(text: string): ResumeUnits {
  const seconds = /OnBootSec = .* (\d+);/.exec(text)?.[1];
  return {
    service: {
      args: ["resume", "--config", CONFIG],
      env: { PATH: "/bin" },
      restartMs: text.includes('Restart = "on-failure";') ? RESTART_MS : 0,
      neverAfter: [],
      successes: [0],
      afterTerm: /RestartForceExitStatus = "SIGTERM /.test(text) ? "started again" : "ended",
      stopMs: 90_000,
      collect: "kept",
      afterEnd: "inactive",
    },
    timerMs: seconds === undefined ? null : Number(seconds) * 1000,
    isForEmergency: text.includes('"emergency.target"'),
  };
}
