import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { test } from "node:test";
import type { HttpTerms } from "../../../src/host/network/http.ts";
import { type Appetite, sendForLines } from "../../../src/host/network/lines.ts";
import { portOf } from "../../report/server.ts";
import { until } from "../../test-host/until.ts";
import { Folder } from "../../support/folder.ts";
import { certificateFor } from "./certificates.ts";
import { ProxyServer } from "./proxy-server.ts";

/** A server that answers each request as it is told. */
class Streams implements AsyncDisposable {
  readonly server: Server;
  closed = 0;

  constructor(answer: (response: ServerResponse) => void) {
    this.server = createServer((_request, response) => {
      response.on("close", () => this.closed++);
      answer(response);
    });
  }

  static async listen(answer: (response: ServerResponse) => void): Promise<Streams> {
    const streams = new Streams(answer);
    streams.server.listen(0, "127.0.0.1");
    await once(streams.server, "listening");
    return streams;
  }

  get url(): string {
    return `http://127.0.0.1:${portOf(this.server.address())}/`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

/** The same over TLS. */
async function listenSecurely(
  { key, cert }: { readonly key: string; readonly cert: string },
  answer: (response: ServerResponse) => void,
) {
  const options = { key: readFileSync(key), cert: readFileSync(cert) };
  const secure = createTlsServer(options, (_request, response) => {
    answer(response);
  });
  secure.listen(0, "127.0.0.1");
  await once(secure, "listening");
  return secure;
}

/** The lines up to the one at which the reader has enough, and what the request came to. */
async function linesOf(url: string, last: string, terms: Partial<HttpTerms> = {}) {
  const lines: string[] = [];
  const request = { method: "POST", url, headers: {}, body: "{}" } as const;
  const onLine = (line: string): Appetite => {
    lines.push(line);
    return line === last ? "enough" : "more";
  };
  const within = new AbortController().signal;
  const answer = await sendForLines(request, { within, ...terms }, onLine);
  return { lines, answer };
}

function oneLine(response: ServerResponse): void {
  response.write("one\n");
}

test("lines: a stream asks after a while whether the server is still there", async () => {
  using folder = new Folder();
  const { key, cert } = certificateFor(folder, "server");
  await using streams = await Streams.listen(oneLine);
  const secure = await listenSecurely({ key, cert }, oneLine);
  for (const [scheme, server] of [
    ["http", streams.server],
    ["https", secure],
  ] as const) {
    const port = portOf(server.address());
    const over = new AbortController();
    const terms = { within: over.signal, tls: { caFile: cert } };
    const reading = linesOf(`${scheme}://127.0.0.1:${port}/`, "never", terms).catch(() => {});
    await until("its keep-alive timer runs", () => timersTo(port).includes("02"));
    over.abort();
    await reading;
  }
  secure.closeAllConnections();
  secure.close();
});

/** The timers of the connections to a port of this host, as proc(5) numbers them: 02 is that of keep-alive. */
function timersTo(port: number): string[] {
  const remote = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  return readFileSync("/proc/self/net/tcp", "utf8")
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[2]?.endsWith(remote) === true)
    .map((fields) => fields[5]?.slice(0, 2) ?? "");
}

test("lines: come as they are sent, whole, until the reader has enough", async () => {
  await using streams = await Streams.listen((response) => {
    for (const piece of ["one\ntw", "o\n\nthr", "é\n", "end\nmore\n"]) response.write(piece);
  });
  const { lines, answer: said } = await linesOf(streams.url, "end");
  assert.deepEqual(lines, ["one", "two", "", "thré", "end"]);
  assert.equal(said, null);
});

test("lines: another status is an answer", async () => {
  await using streams = await Streams.listen((response) =>
    response.writeHead(503).end("no\nleader"),
  );
  const { lines, answer: said } = await linesOf(streams.url, "end");
  assert.deepEqual(lines, []);
  assert.deepEqual([said?.status, said?.text], [503, "no\nleader"]);
});

test("lines: a stream that ends before is an error, unless its last line is enough", async () => {
  await using streams = await Streams.listen((response) => response.end("one\ntwo"));
  assert.deepEqual((await linesOf(streams.url, "two")).lines, ["one", "two"]);
  await assert.rejects(
    linesOf(streams.url, "end"),
    /^Error: 127\.0\.0\.1:\d+: the stream has ended/,
  );
  await using cut = await Streams.listen((response) => {
    response.write("one\n", () => response.destroy());
  });
  await assert.rejects(linesOf(cut.url, "end"), /^Error: 127\.0\.0\.1:\d+: aborted/);
});

test("lines: what the reader throws ends the stream and is told with the server", async () => {
  await using streams = await Streams.listen((response) => response.write("one\n"));
  const within = new AbortController().signal;
  const request = { method: "POST", url: streams.url, headers: {}, body: null } as const;
  const failing = sendForLines(request, { within }, () => {
    throw new Error("is no line of mine");
  });
  await assert.rejects(failing, /^Error: 127\.0\.0\.1:\d+: is no line of mine$/);
});

test("lines: a signal ends the stream, and its connection", async () => {
  await using streams = await Streams.listen((response) => response.write("one\n"));
  const stop = new AbortController();
  const request = { method: "POST", url: streams.url, headers: {}, body: null } as const;
  const stopped = sendForLines(request, { within: stop.signal }, () => {
    stop.abort();
    return "more";
  });
  await assert.rejects(stopped, /no answer in time/);
  await until("it is closed", () => streams.closed === 1);
});

test("lines: one that has no end is refused", async () => {
  await using streams = await Streams.listen((response) => {
    response.on("error", () => {});
    const flood = (): void => {
      while (response.write("x".repeat(65_536)));
      response.once("drain", flood);
    };
    flood();
  });
  await assert.rejects(linesOf(streams.url, "end"), /sent a line that is too long/);
});

function twoLines(response: ServerResponse): void {
  response.write("one\nend\n");
}

test("lines: through a proxy, and with TLS through its tunnel", async () => {
  using folder = new Folder();
  const { key, cert } = certificateFor(folder, "server", "DNS:never.invalid");
  await using streams = await Streams.listen(twoLines);
  const secure = await listenSecurely({ key, cert }, twoLines);
  for (const [url, server] of [
    ["http://never.invalid:81/", streams.server],
    ["https://never.invalid/", secure],
  ] as const) {
    await using proxy = await ProxyServer.listen(portOf(server.address()));
    const terms = {
      tls: { caFile: cert },
      proxy: { http: proxy.url, https: proxy.url, except: [] },
    };
    assert.deepEqual((await linesOf(url, "end", terms)).lines, ["one", "end"]);
    assert.equal(proxy.asked.length, 1);
  }
  secure.closeAllConnections();
  secure.close();
});
