import { readFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { messageOf } from "../core/refusal.ts";
import type { TlsFiles } from "../core/lock-config.ts";

export interface Asked {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body: object;
  /** Seconds for the whole exchange. */
  readonly timeout: number;
  readonly tls: TlsFiles;
}

export interface Answer {
  readonly status: number;
  readonly text: string;
}

/** An answer that is longer is none that a lock server gives. */
const MOST_BYTES = 4_194_304;

/**
 * Posts JSON. A redirect is an answer; it is not followed.
 *
 * @throws Error that says which server did what, where there is no whole answer in time
 */
export async function postJson(asked: Asked): Promise<Answer> {
  const over = AbortSignal.timeout(asked.timeout * 1000);
  try {
    return await exchange(asked, over);
  } catch (error) {
    const { host } = new URL(asked.url);
    const why = over.aborted ? `no answer within ${asked.timeout} s` : causeOf(error);
    throw new Error(`${host}: ${why}`, { cause: error });
  }
}

async function exchange({ url, headers, body, tls }: Asked, signal: AbortSignal): Promise<Answer> {
  const text = JSON.stringify(body);
  const { request } = url.startsWith("https:")
    ? await import("node:https")
    : await import("node:http");
  const asked = request(url, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "content-length": Buffer.byteLength(text),
      ...headers,
    },
    signal,
    // A connection that was kept may be dead by the next try.
    agent: false,
    ...readTls(tls),
  });
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    asked.on("response", resolve).on("error", reject).end(text);
  });
  return { status: answer.statusCode ?? 0, text: await readWhole(answer) };
}

/** Read at each use: certificates are renewed while we wait. */
function readTls({ caFile, certFile, keyFile }: TlsFiles): Record<string, Buffer> {
  const files = { ca: caFile, cert: certFile, key: keyFile };
  return Object.fromEntries(
    Object.entries(files).flatMap(([key, file]) =>
      file === null ? [] : [[key, readFileSync(file)]],
    ),
  );
}

async function readWhole(answer: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of answer) {
    const bytes = Buffer.from(piece);
    length += bytes.length;
    if (length > MOST_BYTES) throw new Error("the answer does not end");
    pieces.push(bytes);
  }
  return Buffer.concat(pieces).toString("utf8");
}

/** Where a name has several addresses, the error is a list of errors, itself without words. */
function causeOf(error: unknown): string {
  return error instanceof AggregateError ? messageOf(error.errors[0]) : messageOf(error);
}
