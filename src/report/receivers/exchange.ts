import type { ReceiverConfig } from "../../core/config/report-config.ts";
import type { ProxyConfig } from "../../core/config/proxy-config.ts";
import { messageOf } from "../../core/refusal.ts";
import { isPage, quoted } from "../../core/answer.ts";
import { type HttpAnswer, type HttpRequest, send } from "../../host/network/http.ts";
import { Secrets } from "../../forge/secrets.ts";
import type { Host } from "../../host/process/host.ts";
import type { ReportEvent } from "../event.ts";
import { meaningOf, type ServerKind } from "./answers.ts";

/** An answer, with its text in `said` free of secrets. */
export interface Answered extends HttpAnswer {
  readonly said: string;
}

/** Sends one request to a receiver's server; a refusal is an answer too. */
export type Ask = (request: HttpRequest) => Promise<Answered>;

/** A receiver that is asked over HTTP. */
type ServerReceiver = Extract<ReceiverConfig, { readonly kind: ServerKind }>;

/** The meaning of an answer for the report; null if the status decides. */
export type Judge = (answer: Answered) => Sent | null;

/**
 * Talks with a receiver's server: reads its secrets, sends requests, judges the answers. Every error
 * becomes a failed try, without a secret in its message.
 */
export async function exchange(
  config: ReceiverConfig,
  { warn, signal, proxy }: Outgoing,
  talk: (ask: Ask, secrets: Secrets) => Promise<Sent>,
): Promise<Sent> {
  const secrets = new Secrets(warn);
  const ask: Ask = async (request) => {
    const answer = await send(request, { within: signal, tls: { caFile: config.caFile }, proxy });
    // Before the text is shortened, so that no part of a secret remains.
    return { ...answer, said: secrets.hideInAnswer(answer.text) };
  };
  try {
    const sent = await talk(ask, secrets);
    return sent.kind === "delivered" ? sent : { ...sent, why: secrets.hide(sent.why) };
  } catch (error) {
    return { kind: "failed", why: secrets.hide(messageOf(error)), notBefore: null };
  }
}

/** Sends one request; the report is delivered if the answer is a success. */
export async function post(
  config: ServerReceiver,
  outgoing: Outgoing,
  compose: (secrets: Secrets) => HttpRequest,
  judge: Judge = () => null,
): Promise<Sent> {
  return await exchange(config, outgoing, async (ask, secrets) => {
    const answer = await ask(compose(secrets));
    return judge(answer) ?? judgeByStatus(config.kind, answer, outgoing.host.now());
  });
}

/** What an answer means, by the table of its API. */
export function judgeByStatus(kind: ServerKind, answer: Answered, now: Date): Sent {
  return meaningOf(kind, answer) === "taken" ? DELIVERED : judgeFailure(kind, answer, now);
}

/** The same for an answer that ends an exchange before the report is told. */
export function judgeFailure(kind: ServerKind, answer: Answered, now: Date): Sent {
  const { status } = answer;
  const said = isPage(answer.said) ? "a page for people" : quoted(answer.said);
  const why = `answered ${status}${remarkOn(kind, status)}${said === "" ? "" : `: ${said}`}`;
  if (meaningOf(kind, answer) === "give-up") return { kind: "refused", why };
  return { kind: "failed", why, notBefore: askedToWait(answer, now) };
}

/** What the number does not say: why a success is none, and what became of a redirect. */
function remarkOn(kind: ServerKind, status: number): string {
  if (status >= 200 && status <= 299) return `, but not as ${kind} does`;
  return status >= 300 && status <= 399 ? " (redirects are not followed)" : "";
}

/** RFC 9110: seconds or a date. GitHub sends the end of its limit, in seconds of the epoch. */
function askedToWait({ headers }: HttpAnswer, now: Date): Date | null {
  const after = headers["retry-after"];
  if (after !== undefined) {
    return waitOf(
      /^\d+$/.test(after) ? Number(after) * 1000 : Date.parse(after) - now.getTime(),
      now,
    );
  }
  if (headers["x-ratelimit-remaining"] !== "0") return null;
  return waitOf(Number(headers["x-ratelimit-reset"]) * 1000 - now.getTime(), now);
}

/** In milliseconds: a server that asks for more is asked again after this. */
const MOST_ASKED_MS = 24 * 3_600_000;

/** The end of a wait that a server asks for, which may be any number; null if it is none. */
export function waitOf(ms: number, now: Date): Date | null {
  if (Number.isNaN(ms)) return null;
  return new Date(now.getTime() + Math.min(Math.max(ms, 0), MOST_ASKED_MS));
}

/** The result of one try to deliver a report. */
export type Sent =
  | { readonly kind: "delivered" }
  /** Try again, but not before `notBefore` if it is set. */
  | { readonly kind: "failed"; readonly why: string; readonly notBefore: Date | null }
  /** No further try can succeed. */
  | { readonly kind: "refused"; readonly why: string };

export interface Outgoing {
  readonly host: Host;
  readonly event: ReportEvent;
  /** Warns the operator about a problem that does not stop the delivery. */
  readonly warn: (words: string) => void;
  /** Ends the try. */
  readonly signal: AbortSignal;
  /** None without it. */
  readonly proxy?: ProxyConfig;
}

/** Sends a report to a receiver of one kind. Never rejects; its result holds no secret. */
export type SendTo<Config extends ReceiverConfig> = (
  config: Config,
  outgoing: Outgoing,
) => Promise<Sent>;

export const DELIVERED: Sent = { kind: "delivered" };
