import { printableLine } from "../../core/printable.ts";
import type { FailedJob } from "../../core/record/record.ts";

/** What the output of switch-to-configuration says of what it did (notes/switch-to-configuration.md). */
export interface ActivationWords {
  /** Jobs of system units that did not end well, each once. */
  readonly failedJobs: readonly FailedJob[];
  /** Units of users, and activations of users, that failed: one line each. */
  readonly userTrouble: readonly string[];
  /**
   * Whether it named any unit or user as the reason of exit code 4. `activation`: the activation
   * itself failed, which a failed unit turns from exit code 2 into 4.
   */
  readonly reason: "named" | "activation" | "none";
  /** Whether it had begun to change the running system. */
  readonly progress: "begun" | "nothing-changed";
}

const MOST = 100;
const MOST_IN_LINE = 300;
/** A unit has a name of 255 characters at most: systemd.unit(5). */
const JOB = /^Failed to (start|restart|reload|stop) ([\w.\\@-]{1,240}\.[a-z]{1,12})(?::|$)/;
const USER_JOB = /^Failed to (?:start|restart|reload|stop) user unit [^\s:]+/;
const USER_ACTIVATION =
  /^warning: user activation for .+ failed$|^Failed to restart nixos-activation\.service/;
const ACTIVATION_FAILED =
  /^Failed to run activate script|^Activation script snippet '.+' failed \(\d+\)$/;
const FAILED_UNITS = /^warning: the following (user )?units failed:/;
const BEGUN =
  /^(?:stopping|restarting|starting|reloading) the following units:|^activating the configuration\.\.\.$/;

/** Reads the output line by line as it comes; what it keeps is bounded. */
export class ActivationListener {
  /** The line that each stream has begun: a line without an end on one does not swallow the other's. */
  readonly #rest = { stdout: "", stderr: "" };
  readonly #jobs = new Map<string, FailedJob>();
  readonly #users = new Set<string>();
  #reason: ActivationWords["reason"] = "none";
  #progress: ActivationWords["progress"] = "nothing-changed";

  hear(text: string, stream: "stdout" | "stderr"): void {
    const lines = (this.#rest[stream] + text).split("\n");
    this.#rest[stream] = (lines.pop() ?? "").slice(-10_000);
    for (const line of lines) this.#read(line.trimEnd());
  }

  words(): ActivationWords {
    for (const stream of ["stdout", "stderr"] as const) {
      this.#read(this.#rest[stream].trimEnd());
      this.#rest[stream] = "";
    }
    return {
      failedJobs: [...this.#jobs.values()],
      userTrouble: [...this.#users],
      reason: this.#reason,
      progress: this.#progress,
    };
  }

  #read(line: string): void {
    if (BEGUN.test(line)) this.#progress = "begun";
    if (ACTIVATION_FAILED.test(line)) this.#reason = "activation";
    if (FAILED_UNITS.test(line)) this.#name();
    if (USER_ACTIVATION.test(line) || USER_JOB.test(line)) {
      this.#name();
      if (this.#users.size < MOST) this.#users.add(printableLine(line, MOST_IN_LINE));
      return;
    }
    const [, job, unit] = JOB.exec(line) ?? [];
    if (unit === undefined || !isJob(job)) return;
    this.#name();
    if (this.#jobs.size < MOST) this.#jobs.set(`${job} ${unit}`, { unit, job });
  }

  #name(): void {
    if (this.#reason === "none") this.#reason = "named";
  }
}

function isJob(word: string | undefined): word is FailedJob["job"] {
  return word === "start" || word === "restart" || word === "reload" || word === "stop";
}
