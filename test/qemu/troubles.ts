import type { Label } from "./toplevels.ts";

/** What the systems of a cell end as. */
export type End = "live" | "fell back" | "rolled back" | "live or fell back" | "does not come back";

/** Something that happens to a deploy which asks for a reboot. */
export interface Trouble {
  readonly name: string;
  readonly target: Label;
  /** A watchdog resets the machine when it has not been heard of for 20 s. */
  readonly watchdog: "none" | "i6300esb";
  /** Settings of the program. */
  readonly settings: object;
  /** Whether the power is cut at every write of the loader's state. */
  readonly power: "on" | "cut";
  readonly end: End;
}

/** Nothing listens there. */
const CHECK = { kind: "tcp", host: "127.0.0.1", port: 9, deadline: 1, interval: 1 };

export const TROUBLES: readonly Trouble[] = [
  trouble("good", "good", "live"),
  trouble("panic", "panic", "fell back"),
  { ...trouble("hang", "hang", "fell back"), watchdog: "i6300esb" },
  trouble("emergency", "emergency", "rolled back"),
  {
    ...trouble("failed-check", "good", "rolled back"),
    settings: { verify: { settle: 0, checks: [CHECK] } },
  },
  { ...trouble("power-cut", "good", "live or fell back"), power: "cut" },
  // The control: without a fallback, a kernel that panics is booted again and again.
  {
    ...trouble("no-fallback", "panic", "does not come back"),
    settings: { reboot: { fallback: "off" } },
  },
];

function trouble(name: string, target: Label, end: End): Trouble {
  return { name, target, watchdog: "none", settings: {}, power: "on", end };
}
