import { once } from "node:events";
import {
  createServer,
  type IncomingMessage,
  request as ask,
  type RequestListener,
  type Server,
} from "node:http";
import { createServer as createSecureServer } from "node:https";
import { connect, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { portOf } from "../../report/server.ts";

interface KeyAndCertificate {
  readonly key: Buffer;
  readonly cert: Buffer;
}

/** A proxy on loopback, whose answer may be its own: for every name it asks a server of the test. */
export class ProxyServer implements AsyncDisposable {
  /** What it was asked for, and with which password. */
  readonly asked: string[] = [];
  readonly #server: Server;
  readonly #scheme: "http" | "https";
  readonly #sockets = new Set<Socket>();
  /** Its own answer, in place of that of the server. */
  refusal: number | null = null;

  private constructor(server: Server, scheme: "http" | "https") {
    this.#server = server;
    this.#scheme = scheme;
  }

  /**
   * @param to the port of the server that it asks, whatever the name
   * @param own its key and its certificate, if it is asked over TLS
   */
  static async listen(to: number, own: KeyAndCertificate | null = null): Promise<ProxyServer> {
    const handOn: RequestListener = (request, response) => {
      proxy.#note(request);
      if (proxy.refusal !== null)
        return void response.writeHead(proxy.refusal).end("not through me");
      const { method, headers } = request;
      const path = new URL(request.url ?? "").pathname;
      const onward = ask({ host: "127.0.0.1", port: to, method, path, headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      });
      request.pipe(onward);
    };
    const server = own === null ? createServer(handOn) : createSecureServer(own, handOn);
    server.on("connect", (request: IncomingMessage, socket: Duplex) => {
      proxy.#note(request);
      socket.on("error", () => {});
      if (proxy.refusal !== null) {
        socket.end(`HTTP/1.1 ${proxy.refusal} No\r\n\r\n`);
        return;
      }
      const onward = connect(to, "127.0.0.1", () => {
        socket.write("HTTP/1.1 200 OK\r\n\r\n");
        socket.pipe(onward).pipe(socket);
      });
      onward.on("error", () => socket.destroy());
    });
    server.on("connection", (socket: Socket) => {
      proxy.#sockets.add(socket);
    });
    const proxy = new ProxyServer(server, own === null ? "http" : "https");
    await once(server.listen(0, "127.0.0.1"), "listening");
    return proxy;
  }

  #note({ method, url, headers }: IncomingMessage): void {
    const password = headers["proxy-authorization"];
    this.asked.push(`${method} ${url}${password === undefined ? "" : ` ${password}`}`);
  }

  get url(): string {
    return `${this.#scheme}://127.0.0.1:${portOf(this.#server.address())}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await once(this.#server.close(), "close");
  }
}
