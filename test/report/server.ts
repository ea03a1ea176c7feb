import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { Server, Socket } from "node:net";

/** A request as it came in, to the letter. */
export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

type Answer = Reply | "hang" | "hang-up" | "never-ends";

/** The port of a server that listens. */
export function portOf(address: ReturnType<Server["address"]>): number {
  if (address === null || typeof address === "string") throw new Error("it does not listen");
  return address.port;
}

/** A stand-in for a forge or another receiver, on loopback: writes down what it is asked. */
export class StandInServer implements AsyncDisposable {
  readonly received: Received[] = [];
  /** What it answers, by turns; the last one goes on. */
  answers: ((received: Received) => Answer)[] = [() => ({ status: 201, body: {} })];
  readonly url: string;
  readonly port: number;
  readonly #server: ReturnType<typeof createServer>;
  readonly #sockets = new Set<Socket>();

  private constructor(server: ReturnType<typeof createServer>, port: number) {
    this.#server = server;
    this.port = port;
    this.url = `http://127.0.0.1:${port}`;
    server.on("connection", (socket) => {
      this.#sockets.add(socket);
    });
  }

  /** @param address where it listens; `url` is for loopback whatever it is */
  static async listen(address = "127.0.0.1"): Promise<StandInServer> {
    const server = createServer((request, response) => {
      const pieces: Buffer[] = [];
      request.on("data", (piece: Buffer) => pieces.push(piece));
      request.on("end", () => {
        const { method = "", url: path = "", headers } = request;
        const body = Buffer.concat(pieces).toString();
        standIn.#answer({ method, path, headers, body }, response);
      });
    });
    await new Promise<void>((resolve) => {
      server.listen(0, address, resolve);
    });
    const port = portOf(server.address());
    const standIn = new StandInServer(server, port);
    return standIn;
  }

  #answer(received: Received, response: ServerResponse): void {
    this.received.push(received);
    const answer = this.answers.length > 1 ? this.answers.shift() : this.answers[0];
    const reply = answer?.(received) ?? "hang";
    if (reply === "hang") return;
    if (reply === "hang-up") return void response.destroy();
    if (reply === "never-ends") return void response.writeHead(200).write("{");
    const text = typeof reply.body === "string" ? reply.body : JSON.stringify(reply.body ?? {});
    response.writeHead(reply.status, reply.headers).end(text);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
