import { messageOf } from "../core/refusal.ts";
import type { Check } from "./check.ts";

export interface HttpExpectation {
  readonly url: string;
  readonly status?: number;
  readonly body?: string;
}

/** More of an answer than this is not searched. */
const MOST_BYTES = 1_048_576;

/** The address answers as expected. A redirect is an answer; it is not followed. */
export function httpCheck(expected: HttpExpectation): Check {
  return {
    name: expected.url,
    run: async (_host, signal) => {
      try {
        const answer = await fetch(expected.url, {
          signal,
          redirect: "manual",
          // A connection kept from the try before may have been closed by the service that restarted.
          headers: { connection: "close" },
        });
        const text = await readSome(answer);
        const why = mismatch(expected, answer.status, text);
        return why === null
          ? { kind: "passed", detail: `status ${answer.status}` }
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

async function readSome(answer: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let length = 0;
  for await (const piece of answer.body ?? []) {
    length += piece.length;
    text += decoder.decode(piece, { stream: true });
    if (length >= MOST_BYTES) break;
  }
  return text;
}

/** fetch says only "fetch failed"; what happened is in its cause, for several addresses in a list. */
function causeOf(error: unknown): string {
  if (!(error instanceof Error) || error.cause === undefined) return messageOf(error);
  const { cause } = error;
  return cause instanceof AggregateError ? messageOf(cause.errors[0]) : messageOf(cause);
}
