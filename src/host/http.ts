import { readFileSync } from "node:fs";
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import type { TlsFiles } from "../core/lock-config.ts";
import { codeOf, messageOf } from "../core/refusal.ts";
import { timeLimit } from "./time-limit.ts";

export interface HttpRequest {
  readonly method: "GET" | "POST" | "PUT";
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Without what comes after the first four million characters. */
  readonly text: string;
}

/** On what terms a request is sent. */
export interface HttpTerms {
  /** When to give up: after so many seconds for the whole exchange, or when a signal says so. */
  readonly within: number | AbortSignal;
  readonly tls?: Partial<TlsFiles>;
}

/** No answer that means anything to us is longer. */
const MOST_CHARACTERS = 4_194_304;

/** On NixOS this file also holds what `security.pki` adds, so a private authority is trusted. */
const SYSTEM_AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt";

/**
 * Sends a request. A redirect is an answer: following it would hand a token to whomever it names.
 *
 * @throws Error that names the server and why there is no whole answer from it in time; it holds no
 *   other part of the address, and none of the headers
 */
export async function send(request: HttpRequest, { within, tls }: HttpTerms): Promise<HttpAnswer> {
  const url = new URL(request.url);
  const signal = typeof within === "number" ? timeLimit(within) : within;
  try {
    return await exchange(url, request, signal, tls);
  } catch (error) {
    const limit = typeof within === "number" ? `within ${within} s` : "in time";
    const why = signal.aborted ? `no answer ${limit}` : causeOf(error);
    throw new Error(`${url.host}: ${why}`, { cause: error });
  }
}

/** Not by fetch, which refuses some ports and takes no authorities. */
async function exchange(
  url: URL,
  { method, headers, body }: HttpRequest,
  signal: AbortSignal,
  tls: Partial<TlsFiles> = {},
): Promise<HttpAnswer> {
  const isSecure = url.protocol === "https:";
  const { request } = isSecure ? await import("node:https") : await import("node:http");
  const length = body === null ? {} : { "Content-Length": String(Buffer.byteLength(body)) };
  const asked = request(url, {
    method,
    headers: { "User-Agent": "deploy-finalize", ...length, ...headers },
    signal,
    // A connection that was kept may be dead by the next try.
    agent: false,
    ...(isSecure && readTls(tls)),
  });
  try {
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      asked
        .on("response", resolve)
        .on("error", reject)
        .end(body ?? undefined);
    });
    const { statusCode = 0, headers: answered } = answer;
    return { status: statusCode, headers: answered, text: await readSome(answer) };
  } finally {
    asked.destroy();
  }
}

/** Read at each use: certificates are renewed while we wait. */
function readTls({
  caFile = null,
  certFile = null,
  keyFile = null,
}: Partial<TlsFiles>): Record<string, Buffer> {
  return {
    ...trusted(caFile),
    ...(certFile !== null && { cert: readFileSync(certFile) }),
    ...(keyFile !== null && { key: readFileSync(keyFile) }),
  };
}

/** Node's own list where the system has none. */
function trusted(caFile: string | null): Record<string, Buffer> {
  if (caFile !== null) return { ca: readFileSync(caFile) };
  try {
    return { ca: readFileSync(SYSTEM_AUTHORITIES) };
  } catch {
    return {};
  }
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
  // Where a name has several addresses, the error is a list of errors, itself without words.
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error;
  const code = codeOf(first);
  const message = messageOf(first);
  return code === null || message.includes(code) ? message : `${message} (${code})`;
}

/** A request with a body in JSON, or with none; further headers come on top. */
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

/** An address below another one, whether that ends in a slash or not. */
export function below(base: string, path: string): string {
  return `${base.replace(/\/+$/, "")}/${path}`;
}
