import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { portOf } from "../report/server.ts";

/** What a line to a server does with each connection. */
export type Trouble = "none" | "refused" | "reset" | "mute" | "cut";

/** A line to a server on loopback, at a port of its own that stays the same. */
export class Line implements AsyncDisposable {
  /** The port to which it leads; another one stands for another server at the same place. */
  to: number;
  #trouble: Trouble = "none";
  #server: Server;
  #port = 0;
  readonly #sockets = new Set<Socket>();

  private constructor(to: number) {
    this.to = to;
    this.#server = this.#listening();
  }

  static async to(port: number): Promise<Line> {
    const line = new Line(port);
    await once(line.#server.listen(0, "127.0.0.1"), "listening");
    line.#port = portOf(line.#server.address());
    return line;
  }

  get port(): number {
    return this.#port;
  }

  async set(trouble: Trouble): Promise<void> {
    const was = this.#trouble;
    this.#trouble = trouble;
    if (trouble === "refused") await this.#close();
    if (was !== "refused" || trouble === "refused") return;
    this.#server = this.#listening();
    await once(this.#server.listen(this.#port, "127.0.0.1"), "listening");
  }

  #listening(): Server {
    return createServer((socket) => {
      this.#sockets.add(socket);
      socket.on("error", () => {});
      this.#connect(socket);
    });
  }

  #connect(socket: Socket): void {
    if (this.#trouble === "reset") return void socket.resetAndDestroy();
    if (this.#trouble === "mute") return;
    const onward = connect(this.to, "127.0.0.1");
    this.#sockets.add(onward);
    onward.on("error", () => socket.destroy());
    socket.pipe(onward);
    if (this.#trouble === "none") return void onward.pipe(socket);
    // As much as the head of an answer and a byte of its body.
    onward.once("data", (piece: Buffer) => {
      socket.write(piece.subarray(0, -1), () => socket.destroy());
    });
  }

  async #close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    if (this.#server.listening) await once(this.#server.close(), "close");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
  }
}
