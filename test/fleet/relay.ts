import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";

/** A port before a server, whose connections can be cut, or be silent as those to a frozen server. */
export class Relay implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Map<Socket, Socket>();
  #isFrozen = false;
  /** The number of connections that were ever made. */
  made = 0;

  private constructor(address: string) {
    const { hostname, port } = new URL(address);
    this.#server = createServer((client) => {
      const server = connect(Number(port), hostname);
      this.#sockets.set(client, server);
      this.made++;
      if (this.#isFrozen) discard(client, server);
      else client.pipe(server).pipe(client);
      for (const [one, other] of [
        [client, server],
        [server, client],
      ] as const) {
        one.on("error", () => {});
        one.on("close", () => {
          other.destroy();
          this.#sockets.delete(client);
        });
      }
    });
  }

  static async listen(address: string): Promise<Relay> {
    const relay = new Relay(address);
    relay.#server.listen(0, "127.0.0.1");
    await once(relay.#server, "listening");
    return relay;
  }

  get url(): string {
    const bound = this.#server.address();
    return `http://127.0.0.1:${typeof bound === "object" && bound !== null ? bound.port : 0}`;
  }

  /** The number of its connections. */
  get open(): number {
    return this.#sockets.size;
  }

  cut(): void {
    for (const socket of this.#sockets.keys()) socket.destroy();
  }

  /** Nothing comes through any more, and no connection ends. */
  freeze(): void {
    this.#isFrozen = true;
    for (const [client, server] of this.#sockets) {
      client.unpipe(server);
      server.unpipe(client);
      discard(client, server);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** Only who reads learns that the other side has closed. */
function discard(...sockets: readonly Socket[]): void {
  for (const socket of sockets) socket.resume();
}
