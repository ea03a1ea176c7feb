import type { IncomingHttpHeaders, IncomingMessage, RequestOptions } from "node:http";
import type { TlsFiles } from "../../core/config/lock-config.ts";
import { type ProxyConfig, proxyFor } from "../../core/config/proxy-config.ts";
import { codeOf, messageOf } from "../../core/refusal.ts";
import { timeLimit } from "../process/time.ts";
import { unlessAborted } from "./connect.ts";
import { wayTo } from "./way.ts";

export interface HttpRequest {
  readonly method: "GET" | "POST" | "PUT";
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** The first four million characters. */
  readonly text: string;
}

/** How a request is sent. */
export interface HttpTerms {
  /** The limit of the whole exchange: in seconds, or a signal. */
  readonly within: number | AbortSignal;
  readonly tls?: Partial<TlsFiles>;
  /** None without it. */
  readonly proxy?: ProxyConfig | undefined;
}

/** The server was not reached, so it has got nothing of the request. */
export class NotSent extends Error {}

/** No useful answer is longer, and no line of one. */
export const MOST_CHARACTERS = 4_194_304;

/**
 * Sends a request. It does not follow redirects, because that would send a token to another server.
 *
 * @throws NotSent or another Error with the server's name and why there is no complete answer in time; it contains no
 *   other part of the address, and no header
 */
export async function send(request: HttpRequest, terms: HttpTerms): Promise<HttpAnswer> {
  return await sendAndRead(request, terms, readWhole);
}

/**
 * The same with another way to read the answer.
 *
 * @param take ends with the connection: an error of it is one of the request
 */
export async function sendAndRead<T>(
  request: HttpRequest,
  terms: HttpTerms,
  take: (answer: IncomingMessage) => Promise<T>,
): Promise<T> {
  const url = new URL(request.url);
  const { within } = terms;
  const signal = typeof within === "number" ? timeLimit(within) : within;
  const proxy = terms.proxy === undefined ? null : proxyFor(url, terms.proxy);
  let isReached = false;
  try {
    const way = await wayTo(url, proxy, terms.tls ?? {}, signal);
    isReached = true;
    // Node's agent does not end a request that waits for a proxy when its signal aborts.
    return await unlessAborted(exchange(url, request, { ...way, signal }, take), signal);
  } catch (error) {
    const limit = typeof within === "number" ? `within ${within} s` : "in time";
    const why = signal.aborted ? `no answer ${limit}` : causeOf(error);
    const through = proxy === null ? "" : ` through the proxy ${new URL(proxy).host}`;
    const said = `${url.host}${through}: ${why}`;
    throw isReached ? new Error(said, { cause: error }) : new NotSent(said, { cause: error });
  }
}

/** After so long without a word the kernel asks the other side, ten times at most, once a second. */
const KEEP_ALIVE_MS = 30_000;

/** Not with fetch: it refuses some ports and takes no certificate authorities. */
async function exchange<T>(
  url: URL,
  { method, headers, body }: HttpRequest,
  way: RequestOptions,
  take: (answer: IncomingMessage) => Promise<T>,
): Promise<T> {
  const { request } =
    url.protocol === "https:" ? await import("node:https") : await import("node:http");
  const length = body === null ? {} : { "Content-Length": String(Buffer.byteLength(body)) };
  const asked = request(url, {
    ...way,
    method,
    headers: { "User-Agent": "deploy-finalize", ...length, ...headers },
  });
  // A server that is cut off sends no error. A request has a limit, but a stream may be silent for long.
  asked.setSocketKeepAlive(true, KEEP_ALIVE_MS);
  try {
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      asked
        .on("response", resolve)
        .on("error", reject)
        .end(body ?? undefined);
    });
    return await take(answer);
  } finally {
    asked.destroy();
  }
}

export async function readWhole(answer: IncomingMessage): Promise<HttpAnswer> {
  const { statusCode = 0, headers } = answer;
  return { status: statusCode, headers, text: await readSome(answer) };
}

async function readSome(answer: IncomingMessage): Promise<string> {
  const pieces: string[] = [];
  let left = MOST_CHARACTERS;
  for await (const piece of answer.setEncoding("utf8")) {
    const text = String(piece).slice(0, left);
    pieces.push(text);
    left -= text.length;
    if (left === 0) break;
  }
  return pieces.join("");
}

function causeOf(error: unknown): string {
  // If a name has several addresses, the error is a list of errors, without its own message.
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error;
  const code = codeOf(first);
  const message = messageOf(first);
  return code === null || message.includes(code) ? message : `${message} (${code})`;
}

/** A request with a JSON body or none, and additional headers. */
export function jsonRequest(
  method: HttpRequest["method"],
  url: string,
  body: object | null,
  headers: HttpRequest["headers"] = {},
): HttpRequest {
  const type = body === null ? {} : { "Content-Type": "application/json" };
  return {
    method,
    url,
    headers: { Accept: "application/json", ...type, ...headers },
    body: body === null ? null : JSON.stringify(body),
  };
}

/**
 * A part of an address' path, encoded.
 *
 * @throws Error for `.` and `..`, which every reader of an address removes with the part before
 */
export function pathPart(text: string): string {
  if (!["", ".", ".."].includes(text)) return encodeURIComponent(text);
  throw new Error(`${JSON.stringify(text)} cannot be a part of an address`);
}

/**
 * An address below a base address, which may end in a slash or not. The query of the base stays a
 * query; a part after # is for browsers only.
 *
 * @param path may have a query too
 */
export function below(base: string, path: string): string {
  const url = new URL(base);
  const [place = "", query = ""] = path.split("?", 2);
  url.pathname = `${withoutSlashes(url.pathname)}/${place}`;
  url.search = [url.search.slice(1), query].filter((part) => part !== "").join("&");
  url.hash = "";
  return url.href;
}

/** An address without slashes at its end. */
export function withoutSlashes(address: string): string {
  let length = address.length;
  while (address[length - 1] === "/") length--;
  return address.slice(0, length);
}
