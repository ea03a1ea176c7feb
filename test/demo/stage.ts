import { constants } from "node:os";
import { setImmediate } from "node:timers/promises";
import { Host, type HostOptions } from "../test-host/host.ts";
import { image } from "../test-host/image.ts";

export type StageOptions = {
  /** Of the `make` target, for messages. */
  name: string;
  /** Tells who looks on what takes its time. */
  note: (line: string) => void;
  /** Called once, when a signal ends what is played: from here on it must say nothing. */
  close: () => Promise<void> | void;
};

/** Boots test hosts for somebody who looks on, and leaves none behind, however it ends. */
export class Stage {
  readonly #options: StageOptions;
  readonly #hosts: Promise<Host>[] = [];
  #at: "image" | "play" | "leaving" = "image";

  constructor(options: StageOptions) {
    this.#options = options;
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
      process.on(signal, () => void this.#leave(signal));
    // Its reader went away, as in `make demo | head`.
    process.stdout.on("error", () => void this.#leave("SIGPIPE"));
    process.stderr.on("error", () => {});
  }

  /** Plays once there is an image, and stops the hosts. An error becomes a message and exit code 1. */
  async run(play: () => Promise<void>): Promise<void> {
    try {
      await this.#makeImage();
      this.#at = "play";
      await play();
    } catch (error) {
      if (this.#isLeaving()) return;
      process.stderr.write(`${this.#options.name}: ${messageOf(error)}\n`);
      process.exitCode = 1;
    }
    if ((await this.#stopHosts()) > 0) process.exitCode = 1;
  }

  boot(options: HostOptions): Promise<Host> {
    const host = Host.boot({ name: this.#options.name, ...options });
    // Whoever waits for it, which may be far off, gets the error.
    host.catch(() => {});
    this.#hosts.push(host);
    return host;
  }

  async #makeImage(): Promise<void> {
    const making = image();
    // An image that is there already is found without waiting for anything.
    const found = await Promise.race([making.then(() => "found"), setImmediate("not found")]);
    if (found === "not found")
      this.#options.note("making the test host's image, once: about half a minute");
    await making.catch((error: unknown) => {
      const why = "cannot make the test host's image, which needs Debian's package mirror";
      throw new Error(`${why}\n${messageOf(error)}`, { cause: error });
    });
  }

  /** Nothing is left running, whatever was just going on. */
  async #leave(signal: NodeJS.Signals): Promise<void> {
    if (this.#isLeaving()) return;
    // The image's makers are in this process's group, and clean up after themselves.
    if (this.#at === "image") process.kill(0, "SIGTERM");
    this.#at = "leaving";
    await this.#options.close();
    const left = await this.#stopHosts();
    const end = left === 0 ? "nothing of it is left running" : `${left} of its hosts are left`;
    process.stderr.write(`${this.#options.name}: ended by ${signal}, ${end}\n`);
    process.exit(128 + constants.signals[signal]);
  }

  #isLeaving(): boolean {
    return this.#at === "leaving";
  }

  /** Returns how many hosts it could not stop, each with a message. */
  async #stopHosts(): Promise<number> {
    const booted = await Promise.allSettled(this.#hosts);
    const hosts = booted.flatMap((host) => (host.status === "fulfilled" ? [host.value] : []));
    const stops = await Promise.allSettled(hosts.map((host) => host.stop()));
    const errors = stops.flatMap((stop) => (stop.status === "rejected" ? [stop.reason] : []));
    for (const error of errors)
      process.stderr.write(`${this.#options.name}: cannot stop a host: ${messageOf(error)}\n`);
    return errors.length;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
