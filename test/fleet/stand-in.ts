import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";

export interface Request {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: unknown;
}

/** How the stand-in answers a request; `hang` never does. */
export type Reply =
  | { readonly status: number; readonly text?: string; readonly type?: string }
  | "hang"
  | "cut";

/**
 * A stand-in for a FleetLock server: a number of slots, and whatever else it is told
 * to answer. On loopback, or on a Unix socket.
 */
export class LockServer implements AsyncDisposable {
  readonly requests: Request[] = [];
  readonly holders = new Set<string>();
  /** The most that held a slot at once. */
  most = 0;
  slots = 1;
  /** Answers in place of the protocol's, as long as it is set. */
  reply: Reply | null = null;
  /** Called with each request before it is answered. */
  onRequest: (path: string) => Promise<void> | void = () => {};
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor() {
    this.#server = createServer((request, response) => {
      let text = "";
      request.setEncoding("utf8").on("data", (piece: string) => (text += piece));
      request.on("end", () => {
        const { method = "", url: path = "", headers } = request;
        const body: unknown = text === "" ? null : JSON.parse(text);
        this.requests.push({ method, path, headers, body });
        void this.#serve(path, body, request, response);
      });
    });
    this.#server.on("connection", (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
    });
  }

  /** @param where a port (0: any free one) or the path of a Unix socket */
  async listen(where: number | string = 0, address = "127.0.0.1"): Promise<this> {
    await new Promise<void>((resolve, reject) => {
      this.#server.on("error", reject);
      if (typeof where === "string") this.#server.listen(where, resolve);
      else this.#server.listen(where, address, resolve);
    });
    return this;
  }

  get url(): string {
    const address: string | AddressInfo | null = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("listens on no port");
    return `http://127.0.0.1:${address.port}`;
  }

  async #serve(
    path: string,
    body: unknown,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    await this.onRequest(path);
    const isAsked = request.headers["fleet-lock-protocol"] === "true";
    const reply: Reply = this.reply ?? (isAsked ? this.#answer(path, body) : NO_HEADER);
    if (reply === "hang") return;
    if (reply === "cut") {
      request.socket.destroy();
      return;
    }
    response.writeHead(reply.status, { "content-type": reply.type ?? "text/plain" });
    response.end(reply.text ?? "");
  }

  #answer(path: string, body: unknown): Reply {
    const id = idIn(body);
    if (path.endsWith("/v1/steady-state")) {
      this.holders.delete(id);
      return { status: 200 };
    }
    if (!path.endsWith("/v1/pre-reboot")) return { status: 404, text: "404 page not found" };
    if (!this.holders.has(id) && this.holders.size >= this.slots) return FULL;
    this.holders.add(id);
    this.most = Math.max(this.most, this.holders.size);
    return { status: 200 };
  }

  /** How often something was asked. */
  count(endpoint: "pre-reboot" | "steady-state"): number {
    return this.requests.filter(({ path }) => path.endsWith(`/v1/${endpoint}`)).length;
  }

  /** Listens no more. May be called twice. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** Airlock's own words, with the content type that Go gives to a plain error. */
export const FULL = {
  status: 500,
  text: JSON.stringify({ kind: "failed_lock", value: "semaphore full: all 1 slots locked" }),
} as const;

/** Airlock's own words to a request that is none of the protocol. */
export const NO_HEADER = {
  status: 400,
  text: JSON.stringify({
    kind: "invalid_client_identity",
    value: "failed to validate client identity: wrong 'fleet-lock-protocol' header",
  }),
} as const;

function idIn(body: unknown): string {
  const parameters: unknown = isObject(body) ? Reflect.get(body, "client_params") : null;
  const id: unknown = isObject(parameters) ? Reflect.get(parameters, "id") : null;
  if (typeof id !== "string") throw new Error(`no client_params.id in ${JSON.stringify(body)}`);
  return id;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
