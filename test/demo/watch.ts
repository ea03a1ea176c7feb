import { readFileSync, readlinkSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import type { Host } from "../test-host/host.ts";
import { newestRecord } from "./record.ts";
import type { Timeline } from "./timeline.ts";

/** One thing that changes on the host. `look` answers undefined where it cannot be told. */
type Probe = { who: string; look: () => string | undefined };

const lookEveryMs = 10;

/** Tells the timeline of every change on the host as it is seen from the outside, until disposed of. */
export class Watch implements AsyncDisposable {
  readonly #timeline: Timeline;
  readonly #probes: Probe[];
  readonly #host: Host;
  readonly #last = new Map<Probe, string>();
  #bootId: string | undefined;
  #told = 0;
  #stopped = false;
  readonly #ended: Promise<void>;

  constructor(host: Host, timeline: Timeline) {
    this.#host = host;
    this.#timeline = timeline;
    this.#probes = [
      { who: "runner", look: () => runner(host) },
      { who: "system", look: () => system(host) },
      { who: "host", look: () => power(host) },
    ];
    for (const probe of this.#probes) this.#changed(probe);
    this.#ended = this.#run();
    // Whoever stops the watch gets the error.
    this.#ended.catch(() => {});
  }

  /** Adds a job to what is looked at. */
  job(id: string): void {
    this.#probes.unshift({ who: "job", look: () => jobState(this.#host, id) });
  }

  /** Looks a last time, so that nothing of what is said next was not told before. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#ended;
    this.look();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    await this.#ended.catch(() => {});
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      await delay(lookEveryMs);
      if (!this.#stopped) this.look();
    }
  }

  /** Tells at once what has changed. */
  look(): void {
    this.#record();
    this.#forgetOtherBoot();
    for (const probe of this.#probes) {
      const text = this.#changed(probe);
      if (text !== undefined) this.#timeline.event(probe.who, text);
    }
  }

  /** The runner of a boot is told, also if nobody has seen the one before it stop. */
  #forgetOtherBoot(): void {
    const bootId = this.#host.bootId();
    if (bootId === undefined || bootId === this.#bootId) return;
    if (this.#bootId !== undefined)
      for (const probe of this.#probes) if (probe.who === "runner") this.#last.delete(probe);
    this.#bootId = bootId;
  }

  #changed(probe: Probe): string | undefined {
    const now = probe.look();
    if (now === undefined || now === this.#last.get(probe)) return undefined;
    this.#last.set(probe, now);
    return now;
  }

  #record(): void {
    const entries = newestRecord(this.#host)?.timeline.slice(this.#told) ?? [];
    for (const { state, detail } of entries) this.#timeline.event("record", `${state}: ${detail}`);
    this.#told += entries.length;
  }
}

function jobState(host: Host, id: string): string | undefined {
  const job = attempt(() => host.job(id));
  if (job?.state === "ended") return `ended with exit code ${job.exitCode}`;
  if (job?.state === "lost") return "killed: it has no exit code";
  return job?.state === "running" ? "runs" : undefined;
}

function runner(host: Host): string | undefined {
  if (host.bootId() === undefined) return undefined;
  const definition = attempt(() => readFileSync(host.path("/run/ci-runner/definition"), "utf8"));
  return definition === undefined ? "stopped" : `runs with its definition ${definition}`;
}

function system(host: Host): string | undefined {
  const current = attempt(() => readlinkSync(host.path("/run/current-system")));
  return current === undefined ? undefined : `current is ${current}`;
}

function power(host: Host): string | undefined {
  const bootId = host.bootId();
  return bootId === undefined ? "down" : `up, boot id ${bootId.slice(0, 8)}...`;
}

/** What is read may go away at any time: units stop, the host reboots. */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
