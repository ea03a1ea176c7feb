import type { ReceiverConfig } from "../../core/report-defaults.ts";
import { messageOf } from "../../core/refusal.ts";
import { quoted } from "../../core/answer.ts";
import { type HttpAnswer, type HttpRequest, send } from "../../host/http.ts";
import { Secrets } from "../secrets.ts";
import { DELIVERED, type Outgoing, type Sent } from "./receiver.ts";

/** An answer, with its text as it may be shown. */
export interface Answered extends HttpAnswer {
  readonly said: string;
}

/** One question to a receiver's server; the answer is any, also a refusal. */
export type Ask = (request: HttpRequest) => Promise<Answered>;

/** What an answer means for the report; null where its status says it all. */
export type Judge = (answer: Answered) => Sent | null;

/**
 * Talks with a receiver's server: reads its secrets, asks, and judges. Whatever goes
 * wrong becomes a failed try, with no secret in its words.
 */
export async function exchange(
  config: ReceiverConfig,
  { warn, signal }: Outgoing,
  talk: (ask: Ask, secrets: Secrets) => Promise<Sent>,
): Promise<Sent> {
  const secrets = new Secrets(warn);
  const ask: Ask = async (request) => {
    const answer = await send(request, { within: signal, tls: { caFile: config.caFile } });
    // Before anything is cut out of it, so that no half of a secret is left.
    return { ...answer, said: secrets.hideInAnswer(answer.text) };
  };
  try {
    const sent = await talk(ask, secrets);
    return sent.kind === "delivered" ? sent : { ...sent, why: secrets.hide(sent.why) };
  } catch (error) {
    return { kind: "failed", why: secrets.hide(messageOf(error)), notBefore: null };
  }
}

/** One request, delivered where the answer is a success. */
export async function post(
  config: ReceiverConfig,
  outgoing: Outgoing,
  compose: (secrets: Secrets) => HttpRequest,
  judge: Judge = () => null,
): Promise<Sent> {
  return await exchange(config, outgoing, async (ask, secrets) => {
    const answer = await ask(compose(secrets));
    return judge(answer) ?? judgeByStatus(answer, outgoing.host.now());
  });
}

/**
 * A refusal of the token or the address can be mended while the report waits, and a forge
 * answers 404 for what a token may not see. Other errors of ours come back with every try.
 */
const WORTH_ANOTHER_TRY = new Set([401, 403, 404, 407, 408, 409, 423, 425, 429]);

export function judgeByStatus(answer: Answered, now: Date): Sent {
  const { status } = answer;
  if (status >= 200 && status <= 299) return DELIVERED;
  const said = quoted(answer.said);
  const why = `answered ${status}${said === "" ? "" : `: ${said}`}`;
  if (status < 500 && !WORTH_ANOTHER_TRY.has(status)) {
    const isRedirect = status >= 300 && status <= 399;
    return { kind: "refused", why: isRedirect ? `${why} (redirects are not followed)` : why };
  }
  return { kind: "failed", why, notBefore: askedToWait(answer, now) };
}

/** RFC 9110: seconds or a date. GitHub instead tells when its limit ends, in seconds of the epoch. */
function askedToWait({ headers }: HttpAnswer, now: Date): Date | null {
  const after = headers["retry-after"];
  if (after !== undefined) {
    const at = /^\d+$/.test(after) ? now.getTime() + Number(after) * 1000 : Date.parse(after);
    return isMoment(at) ? new Date(at) : null;
  }
  if (headers["x-ratelimit-remaining"] !== "0") return null;
  const reset = Number(headers["x-ratelimit-reset"]) * 1000;
  return isMoment(reset) ? new Date(reset) : null;
}

function isMoment(ms: number): boolean {
  return Number.isFinite(ms) && Math.abs(ms) <= 8.64e15;
}
