import type { Clocks } from "../clocks.ts";
import { newUnit, type Unit } from "./units.ts";

/** When a timer elapses: by whichever clock comes first. */
export interface Timing {
  readonly name: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Milliseconds since the boot. */
  readonly uptimeMs: number | null;
  /** What it does when the clock on the wall is set. */
  readonly whenSet: "elapses" | "waits";
}

interface Timer extends Timing {
  readonly unit: Unit;
  /** When it elapsed last, by both clocks; null if it never did. */
  last: { readonly wallMs: number; readonly monoMs: number } | null;
  /** The clock on the wall when it was started. */
  startedMs: number;
  /** Old alarms mean nothing. */
  round: number;
}

interface TimerHost {
  readonly clocks: Clocks;
  readonly bootedAtMs: number;
}

interface Ports {
  /** Puts a start of its service into the queue. */
  readonly start: (service: string) => void;
  /** It is dead. */
  readonly forget: (name: string) => void;
}

/**
 * Timers as systemd's src/core/timer.c has them: one that has elapsed waits again as soon as its service
 * is down, if any of its times is still to come, or if it elapses when the clock is set.
 */
export class Timers {
  readonly #host: TimerHost;
  readonly #ports: Ports;
  readonly #all = new Map<string, Timer>();

  constructor(host: TimerHost, ports: Ports) {
    this.#host = host;
    this.#ports = ports;
  }

  /** Makes a transient timer, which `start` starts. */
  make(timing: Timing): Unit {
    const unit = newUnit(timing.name, { lifetime: "transient", isTimer: true });
    this.#all.set(timing.name, { ...timing, unit, last: null, startedMs: 0, round: 0 });
    return unit;
  }

  start(name: string): void {
    const timer = this.#all.get(name);
    if (timer === undefined) return;
    timer.startedMs = this.#host.clocks.wallMs;
    this.#wait(timer);
  }

  drop(name: string): void {
    this.#all.delete(name);
  }

  /** The service of that name is down. */
  serviceIsDown(service: string): void {
    const timer = this.#all.get(service.replace(/service$/, "timer"));
    if (timer?.unit.sub === "running") this.#wait(timer);
  }

  /** The clock on the wall was set. */
  clockSet(): void {
    for (const timer of this.#all.values()) {
      if (timer.whenSet === "elapses") this.#elapse(timer);
    }
  }

  /** Whether it waits for a time, not only for somebody who sets the clock. */
  isDue(name: string): boolean {
    const timer = this.#all.get(name);
    return timer?.unit.sub === "waiting" && this.#next(timer).length > 0;
  }

  /** The times that are still to come, or that passed while it was not looked at. */
  #next({ at, uptimeMs, last, startedMs }: Timer): ("wall" | "uptime")[] {
    const { clocks, bootedAtMs } = this.#host;
    const from = last?.wallMs ?? startedMs;
    const isPast = uptimeMs === null || (last !== null && bootedAtMs + uptimeMs < clocks.monoMs);
    return [...(at > from ? (["wall"] as const) : []), ...(isPast ? [] : (["uptime"] as const))];
  }

  #wait(timer: Timer): void {
    const { clocks, bootedAtMs } = this.#host;
    const { unit, at, uptimeMs } = timer;
    const next = this.#next(timer);
    const round = ++timer.round;
    if (next.length === 0 && timer.whenSet === "waits") {
      this.#ports.forget(unit.name);
      return;
    }
    unit.active = "active";
    unit.sub = "waiting";
    const elapse = (): void => {
      if (timer.round === round) this.#elapse(timer);
    };
    if (next.includes("wall")) clocks.atWall(at, `${unit.name} elapses`, elapse);
    if (next.includes("uptime")) {
      const left = bootedAtMs + (uptimeMs ?? 0) - clocks.monoMs;
      clocks.after(Math.max(0, left), `${unit.name} elapses by the other clock`, elapse);
    }
  }

  #elapse(timer: Timer): void {
    const { unit } = timer;
    if (this.#all.get(unit.name) !== timer || unit.sub !== "waiting") return;
    const { wallMs, monoMs } = this.#host.clocks;
    timer.last = { wallMs, monoMs };
    timer.round++;
    unit.sub = "running";
    this.#ports.start(unit.name.replace(/timer$/, "service"));
  }
}
