import type { Event } from "../../src/core/machine/types.ts";
import type { FinalizationRecord } from "../../src/core/record/record.ts";

/** How the one runner behaves; what is not named goes well. */
export interface RunnerWeather {
  /** Its job does not end in time. */
  readonly neverEnds?: true;
  /** systemd refuses to stop it so many times. */
  readonly refusesFor?: number;
  /** So many times another gate has closed when it is drained. */
  readonly gateClosesFor?: number;
}

const UNIT = "runner.service";

/** More than any finalization needs: a machine that does not name the runner is asked for ever. */
const MOST_FOUND = 50;

/** A runner that takes a job whenever it works, so an act may come only while it is drained. */
export class RunnerWorld {
  /** systemd's state: survives the process, and a boot starts it. */
  state: "working" | "stopped" = "working";
  jobsKilled = 0;
  /** How often it was stopped without being named in the record that is on disk. */
  stoppedUnnamed = 0;
  /** How often the gates were waited for while it was stopped. */
  stoppedWhileWaiting = 0;
  found = 0;
  readonly #pass: () => void;
  readonly #saved: () => FinalizationRecord;
  readonly #weather: RunnerWeather;
  refuses: number;
  closes: number;

  /**
   * @param pass a point at which the host may crash
   * @param saved the record on disk
   */
  constructor(weather: RunnerWeather, pass: () => void, saved: () => FinalizationRecord) {
    this.#weather = weather;
    this.refuses = weather.refusesFor ?? 0;
    this.closes = weather.gateClosesFor ?? 0;
    this.#pass = pass;
    this.#saved = saved;
  }

  /** Null if the act may come. */
  beforeAct(): Event | null {
    if (this.state === "stopped") {
      if (this.closes === 0) return null;
      this.closes--;
      return { kind: "held-up", why: "a gate has closed" };
    }
    return this.#find();
  }

  #find(): Event {
    if (++this.found > MOST_FOUND) throw new Error("the runner that was found is never named");
    return { kind: "runners-found", units: [UNIT] };
  }

  drain(): Event {
    if (this.refuses > 0) {
      this.refuses--;
      return { kind: "held-up", why: "cannot be stopped" };
    }
    this.#stop();
    // It takes no new job, and ends with the one that it has.
    if (this.#weather.neverEnds === true) {
      return { kind: "gates-timed-out", waitedFor: [], why: "timed out" };
    }
    return { kind: "drained", waitedFor: [] };
  }

  /** At the act: null if it may go on, and then the runner is stopped. */
  atAct(record: FinalizationRecord): Event | null {
    if (this.state === "working" && !record.stoppedRunners.includes(UNIT)) return this.#find();
    if (this.state === "working") this.#stop();
    return null;
  }

  /** A machine that goes on without it kills the job. */
  act(): void {
    this.jobsKilled += this.state === "working" ? 1 : 0;
  }

  #stop(): void {
    this.#pass();
    this.state = "stopped";
    this.stoppedUnnamed += this.#saved().stoppedRunners.includes(UNIT) ? 0 : 1;
    this.#pass();
  }

  startNamed({ stoppedRunners }: FinalizationRecord): void {
    this.#pass();
    if (stoppedRunners.includes(UNIT)) this.state = "working";
    this.#pass();
  }

  waitForGates(): void {
    this.stoppedWhileWaiting += this.state === "stopped" ? 1 : 0;
  }

  boot(): void {
    this.state = "working";
  }
}
