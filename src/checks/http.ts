import type { IncomingMessage } from "node:http";
import { messageOf } from "../core/refusal.ts";
import type { Check } from "./check.ts";

export interface HttpExpectation {
  readonly url: string;
  readonly status?: number;
  readonly body?: string;
}

/** More of an answer than this is not searched. */
const MOST_CHARACTERS = 1_048_576;

/** The address answers as expected. A redirect is an answer; it is not followed. */
export function httpCheck(expected: HttpExpectation): Check {
  return {
    name: expected.url,
    run: async (_host, signal) => {
      try {
        const { status, text } = await get(expected.url, signal);
        const why = mismatch(expected, status, text);
        return why === null
          ? { kind: "passed", detail: `status ${status}` }
          : { kind: "failed", why };
      } catch (error) {
        return { kind: "failed", why: causeOf(error) };
      }
    },
  };
}

/** Why an answer is not the expected one, or null where it is. */
export function mismatch(expected: HttpExpectation, status: number, text: string): string | null {
  const { status: wanted, body } = expected;
  const isRight = wanted === undefined ? status >= 200 && status <= 299 : status === wanted;
  if (!isRight) return `status ${status} instead of ${wanted ?? "200 to 299"}`;
  if (body !== undefined && !text.includes(body)) return `the answer does not contain ${body}`;
  return null;
}

/** Not by fetch: that refuses a list of ports, and a health check may be on any. */
async function get(url: string, signal: AbortSignal): Promise<{ status: number; text: string }> {
  const { request } = url.startsWith("https:")
    ? await import("node:https")
    : await import("node:http");
  // A connection kept from the try before may have been closed by the service that restarted.
  const asked = request(url, { signal, agent: false });
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    asked.on("response", resolve).on("error", reject).end();
  });
  return { status: answer.statusCode ?? 0, text: await readSome(answer) };
}

async function readSome(answer: IncomingMessage): Promise<string> {
  let text = "";
  for await (const piece of answer.setEncoding("utf8")) {
    text += String(piece);
    if (text.length >= MOST_CHARACTERS) break;
  }
  return text;
}

/** Where a name has several addresses, the error is a list of errors, itself without words. */
function causeOf(error: unknown): string {
  return error instanceof AggregateError ? messageOf(error.errors[0]) : messageOf(error);
}
