import { messageOf } from "../core/refusal.ts";
import { send } from "../host/http.ts";
import type { Check } from "./check.ts";

export interface HttpExpectation {
  readonly url: string;
  readonly status?: number;
  readonly body?: string;
}

/** The address answers as expected. A redirect is an answer; it is not followed. */
export function httpCheck(expected: HttpExpectation): Check {
  return {
    name: withoutUser(expected.url),
    run: async (_host, signal) => {
      try {
        const request = { method: "GET", url: expected.url, headers: {}, body: null } as const;
        const { status, text } = await send(request, { within: signal });
        const why = mismatch(expected, status, text);
        return why === null
          ? { kind: "passed", detail: `status ${status}` }
          : { kind: "failed", why };
      } catch (error) {
        return { kind: "failed", why: messageOf(error) };
      }
    },
  };
}

/** A name goes into the record and to those who are told. */
function withoutUser(address: string): string {
  const url = new URL(address);
  if (url.username === "" && url.password === "") return address;
  [url.username, url.password] = ["", ""];
  return url.href;
}

/** Why an answer is not the expected one, or null where it is. */
export function mismatch(expected: HttpExpectation, status: number, text: string): string | null {
  const { status: wanted, body } = expected;
  const isRight = wanted === undefined ? status >= 200 && status <= 299 : status === wanted;
  if (!isRight) return `status ${status} instead of ${wanted ?? "200 to 299"}`;
  if (body !== undefined && !text.includes(body)) return `the answer does not contain ${body}`;
  return null;
}
