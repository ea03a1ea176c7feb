import { spawn, spawnSync } from "node:child_process";
import { die } from "./say.ts";

export type Unit = {
  name: string;
  /** systemd's ActiveState, such as `active` or `failed`. */
  state: string;
  substate: string;
};

export type Verb = "stop" | "start" | "restart" | "reload";

/** The results of the jobs of one kind. */
export type Ended = {
  /** Units for which systemd accepted no job, and the reason. */
  refused: { unit: string; why: string }[];
  /** Units whose job ended as `failed`, `timeout` or `dependency`. */
  failed: string[];
};

/**
 * What systemctl prints for the other results (canceled, assert, invalid, collected, once,
 * unsupported). The real one counts none of them as a failure: notes/switch-to-configuration.md.
 */
const notCounted =
  /^Job for \S+ canceled\.|^Assertion failed on job |not active, cannot reload\.|garbage collected\.|started already once |not supported on this system\./m;

/** The real one ends at once if the bus goes away, also while it waits for a job. */
const noBus =
  /^Failed to (connect|get D-Bus|wait for response)|D-Bus connection terminated|Transport endpoint is not connected/m;

/** The manager of the system, or of the user that runs this program. */
export class Manager {
  readonly #scope: string[];

  constructor(scope: "system" | "user") {
    this.#scope = [`--${scope}`];
  }

  /** All units that systemd holds, also those that are inactive. */
  held(): Map<string, Unit> {
    const rows: { unit: string; active: string; sub: string }[] = JSON.parse(
      this.ask("list-units", "--all", "--output=json"),
    );
    return new Map(
      rows.map(({ unit, active, sub }) => [unit, { name: unit, state: active, substate: sub }]),
    );
  }

  /** Those that are not inactive, by name. */
  units(): Map<string, Unit> {
    return new Map([...this.held()].filter(([, unit]) => unit.state !== "inactive"));
  }

  /** Failed, or in a crash loop: waiting for its restart after a non-zero exit. */
  hasFailed(unit: Unit): boolean {
    if (unit.state === "failed") return true;
    if (unit.substate !== "auto-restart") return false;
    return this.ask("show", "--value", "--property=ExecMainStatus", "--", unit.name).trim() !== "0";
  }

  ask(...args: string[]): string {
    const options = { encoding: "utf8", maxBuffer: 1 << 24 } as const;
    return spawnSync(systemctlPath, [...this.#scope, ...args], options).stdout;
  }

  /** Runs one systemctl, its output passed on. */
  async run(...args: string[]): Promise<number> {
    const { code, stderr } = await ended([...this.#scope, ...args]);
    process.stderr.write(stderr);
    return code;
  }

  /** One job per unit, all queued at once and awaited. */
  async jobs(verb: Verb, units: Iterable<string>): Promise<Ended> {
    const all: Ended = { refused: [], failed: [] };
    const each = [...units].map(async (unit) => {
      const { code, stderr } = await ended([...this.#scope, verb, "--", unit]);
      if (code === 0 || notCounted.test(stderr)) return;
      if (noBus.test(stderr)) die(stderr.trim());
      const refusal = /^Failed to \w+ \S+: (.*)/m.exec(stderr);
      if (refusal === null) all.failed.push(unit);
      else all.refused.push({ unit, why: refusal[1] ?? "" });
    });
    await Promise.all(each);
    return all;
  }
}

const systemctlPath = "/usr/bin/systemctl";

/** Like the real one over the bus: systemd's own socket breaks when systemd executes itself anew. */
const overBus = { ...process.env, SYSTEMCTL_FORCE_BUS: "1" };

function ended(args: string[]): Promise<{ code: number; stderr: string }> {
  const child = spawn(systemctlPath, args, { stdio: ["ignore", "inherit", "pipe"], env: overBus });
  let stderr = "";
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => {
      // systemd stops the cgroup this program is in: the child got its signal first. The real
      // one has no child to lose and dies right here, while it waits for the job.
      if (signal !== null) process.kill(process.pid, signal);
      else resolve({ code: code ?? 1, stderr });
    });
  });
}
