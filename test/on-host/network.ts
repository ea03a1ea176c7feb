import { randomInt } from "node:crypto";
import type { Host } from "../test-host/host.ts";
import { ok, run } from "../test-host/spawn.ts";

/**
 * A cable between this machine and a test host, with an address at each end. The host's end
 * goes with each boot, as the network of a real one does.
 */
export class Cable implements AsyncDisposable {
  readonly #host: Host;
  readonly #net = `10.${randomInt(64, 128)}.${randomInt(256)}`;
  readonly #quad = 4 * randomInt(64);
  readonly #link = `df${randomInt(0x10000, 0x100000).toString(16)}`;
  /** This machine, as the host sees it. */
  readonly here = `${this.#net}.${this.#quad + 1}`;
  /** The host, as this machine sees it; a network of 30 bits. */
  readonly there = `${this.#net}.${this.#quad + 2}`;

  constructor(host: Host) {
    this.#host = host;
  }

  /** Plugs it in, or in again after a boot. */
  async plug(): Promise<void> {
    await this.connect();
    const inside = ["nsenter", "--target", this.#leader(), "--net", "ip"];
    await ok([...inside, "address", "add", `${this.there}/30`, "dev", "wire"]);
    await ok([...inside, "link", "set", "wire", "up"]);
  }

  #leader(): string {
    return /^\/proc\/(\d+)\//.exec(this.#host.path("/"))?.[1] ?? "";
  }

  /** The same for a host that sets up its end, `wire`, by itself. */
  async connect(): Promise<void> {
    await this.cut();
    const leader = this.#leader();
    const link = ["ip", "link", "add", this.#link, "type", "veth"];
    await ok([...link, "peer", "name", "wire", "netns", leader]);
    await ok(["ip", "address", "add", `${this.here}/30`, "dev", this.#link]);
    await ok(["ip", "link", "set", this.#link, "up"]);
  }

  /** Both ends are gone at once. */
  async cut(): Promise<void> {
    await run(["ip", "link", "delete", this.#link]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cut();
  }
}
