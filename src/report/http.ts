import { readFileSync } from "node:fs";
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { codeOf, messageOf } from "../core/refusal.ts";

export interface HttpRequest {
  readonly method: "GET" | "POST" | "PUT";
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** More of an answer than this is not read. */
const MOST_CHARACTERS = 65_536;

/** On NixOS this file also holds what `security.pki` adds, so a private authority is trusted. */
const SYSTEM_AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt";

/**
 * Sends a request. A redirect is an answer: following it would hand the token to
 * whomever it names. Not by fetch, which refuses some ports.
 *
 * @param caFile certificates to trust instead of the system's
 * @throws Error where no answer came: its message holds no part of the path or the headers
 */
export async function send(
  request: HttpRequest,
  caFile: string | null,
  signal: AbortSignal,
): Promise<HttpAnswer> {
  const url = new URL(request.url);
  const isSecure = url.protocol === "https:";
  const { request: open } = isSecure ? await import("node:https") : await import("node:http");
  const length = request.body === null ? {} : { "Content-Length": byteLength(request.body) };
  const headers = { "User-Agent": "deploy-finalize", ...length, ...request.headers };
  const trust = isSecure ? trusted(caFile) : {};
  const asked = open(url, { method: request.method, headers, signal, agent: false, ...trust });
  try {
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      asked
        .on("response", resolve)
        .on("error", reject)
        .end(request.body ?? undefined);
    });
    const { statusCode = 0, headers: answered } = answer;
    return { status: statusCode, headers: answered, text: await readSome(answer) };
  } finally {
    asked.destroy();
  }
}

function byteLength(text: string): string {
  return String(Buffer.byteLength(text));
}

/** Read anew each time: authorities change, and this process may wait for a day. */
function trusted(caFile: string | null): { readonly ca?: string } {
  if (caFile !== null) return { ca: readFileSync(caFile, "utf8") };
  try {
    return { ca: readFileSync(SYSTEM_AUTHORITIES, "utf8") };
  } catch {
    return {}; // Node's own list.
  }
}

async function readSome(answer: IncomingMessage): Promise<string> {
  let text = "";
  for await (const piece of answer.setEncoding("utf8")) {
    text += String(piece);
    if (text.length >= MOST_CHARACTERS) break;
  }
  return text;
}

/** Why no answer came, in a few words. */
export function whyNoAnswer(error: unknown): string {
  // Where a name has several addresses, the error is a list of errors, itself without words.
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error;
  const code = codeOf(first);
  const message = messageOf(first);
  return code === null || message.includes(code) ? message : `${message} (${code})`;
}
