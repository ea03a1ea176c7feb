import { once } from "node:events";
import { rmSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import type { Host, ToplevelSpec } from "../test-host/host.ts";
import type { EtcdCluster } from "../fleet/etcd-cluster.ts";

// A server is outside, as it is in a fleet: a reboot of the host leaves it alone. The host reaches it by a
// socket in its file system, behind a port of its own loopback.
export const SOCKET = "/var/lib/lock-server.sock";
export const URL_INSIDE = "http://127.0.0.1:3333";
export const PROXY: NonNullable<ToplevelSpec["units"]> = {
  "lock-proxy.socket":
    "[Socket]\nListenStream=127.0.0.1:3333\n[Install]\nWantedBy=sockets.target\n",
  "lock-proxy.service": `[Service]\nExecStart=/lib/systemd/systemd-socket-proxyd ${SOCKET}\n`,
};

/** Lets a host reach whichever member of etcd is up, until it is cut. */
export class EtcdBridge implements Disposable {
  readonly #host: Host;
  readonly #cluster: EtcdCluster;
  readonly #open = new Set<Socket>();
  #server: Server | null = null;

  private constructor(host: Host, cluster: EtcdCluster) {
    this.#host = host;
    this.#cluster = cluster;
  }

  static async open(host: Host, cluster: EtcdCluster): Promise<EtcdBridge> {
    const bridge = new EtcdBridge(host, cluster);
    await bridge.mend();
    return bridge;
  }

  get isOpen(): boolean {
    return this.#server !== null;
  }

  async mend(): Promise<void> {
    // Another one after each boot.
    const path = this.#host.path(SOCKET);
    rmSync(path, { force: true });
    const server = createServer((inside) => {
      this.#pipe(inside).catch(() => inside.destroy());
    });
    this.#server = server;
    server.listen(path);
    await once(server, "listening");
  }

  /** Requests in progress end too. */
  cut(): void {
    this.#server?.close();
    this.#server = null;
    for (const socket of this.#open) socket.destroy();
  }

  async #pipe(inside: Socket): Promise<void> {
    this.#track(inside);
    const member = await this.#cluster.aMember();
    // Cut meanwhile, or given up by the host.
    if (inside.destroyed) return;
    const outside = connect(member, "127.0.0.1");
    this.#track(outside);
    outside.on("close", () => inside.destroy());
    inside.on("close", () => outside.destroy());
    inside.pipe(outside).pipe(inside);
  }

  #track(socket: Socket): void {
    this.#open.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => this.#open.delete(socket));
  }

  [Symbol.dispose](): void {
    this.cut();
  }
}
