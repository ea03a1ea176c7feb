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

/** What the APIs say of what they have made. */
const MADE = { id: 1, event_id: "$1:example.org" };

type Answer = Reply | "hang" | "hang-up" | "hangs-up-in-between" | "never-ends" | "floods";

/** The port of a server that listens. */
export function portOf(address: ReturnType<Server["address"]>): number {
  if (address === null || typeof address === "string") throw new Error("it does not listen");
  return address.port;
}

/** A stand-in for a forge or another receiver, on loopback: writes down what it is asked. */
export class StandInServer implements AsyncDisposable {
  readonly received: Received[] = [];
  /** What it answers, by turns; the last one goes on. */
  answers: ((received: Received) => Answer)[] = [() => ({ status: 201 })];
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
    if (reply === "hangs-up-in-between") return cutOff(response);
    if (reply === "floods") return flood(response);
    const { body = MADE } = reply;
    const text = typeof body === "string" ? body : JSON.stringify(body);
    response.writeHead(reply.status, reply.headers).end(text);
  }

  /** Resolves when nobody is connected any more. */
  async isAlone(): Promise<void> {
    for (const socket of this.#sockets) {
      if (!socket.closed) await new Promise((resolve) => socket.once("close", resolve));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

function cutOff(response: ServerResponse): void {
  response.writeHead(200, { "Content-Length": "10" }).write("{", () => response.destroy());
}

/** Writes as much as is read, for as long as somebody reads. */
function flood(response: ServerResponse): void {
  const piece = "x".repeat(65_536);
  const more = (): void => {
    while (!response.destroyed && response.write(piece));
  };
  response
    .writeHead(200)
    .on("drain", more)
    .on("error", () => {});
  more();
}
