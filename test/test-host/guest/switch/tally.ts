import { say } from "./say.ts";
import type { Manager, Verb } from "./systemctl.ts";

/** Queues jobs and collects those that make the switch end with 4. */
export class Tally {
  readonly #manager: Manager;
  readonly #kind: "" | "user unit ";
  readonly #failed: { unit: string; verb: Verb }[] = [];
  exitCode: 0 | 4 = 0;

  constructor(manager: Manager, kind: "" | "user unit ") {
    this.#manager = manager;
    this.#kind = kind;
  }

  /** Reports at once if systemd accepts no job. A refused stop does not count. */
  async jobs(verb: Verb, units: Iterable<string>): Promise<void> {
    const { refused, failed } = await this.#manager.jobs(verb, units);
    this.#failed.push(...failed.map((unit) => ({ unit, verb })));
    if (verb === "stop") return;
    for (const { unit, why } of refused) {
      say(`Failed to ${verb} ${this.#kind}${unit}: ${why}`);
      this.exitCode = 4;
    }
  }

  /** Reports the failed jobs after all jobs have ended; returns their units. */
  sayFailed(): string[] {
    for (const { unit, verb } of this.#failed) {
      say(`Failed to ${verb} ${this.#kind}${unit}`);
      this.exitCode = 4;
    }
    return this.#failed.map(({ unit }) => unit);
  }
}
