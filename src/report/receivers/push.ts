import type { ReceiverOf } from "../../core/config/report-config.ts";
import { below, type HttpRequest, jsonRequest, withoutSlashes } from "../../host/network/http.ts";
import { linkOf } from "./forge.ts";
import { shorten, shortenBytes, shortenUntil, titleOf, urgencyOf } from "../words.ts";
import { post, type SendTo } from "./exchange.ts";
import { createHmac } from "node:crypto";
import type { ReportEvent } from "../event.ts";
import type { Secrets } from "../../forge/secrets.ts";

/** ntfy has priorities up to 5, Gotify up to 10. */
const NTFY_PRIORITY = { normal: 3, high: 4, urgent: 5 } as const;
const GOTIFY_PRIORITY = { normal: 4, high: 7, urgent: 9 } as const;
const NTFY_TAGS = {
  normal: "white_check_mark",
  high: "warning",
  urgent: "rotating_light",
} as const;

/** In bytes: a longer message becomes an attachment, a longer body is refused (notes/notifications.md). */
const NTFY_MESSAGE = 4095;
const NTFY_BODY = 8191;
const MOST_TITLE = 250;
/** In characters: a longer page of a run would leave no room for the message. */
const MOST_CLICK = 1000;

/** ntfy: JSON to the server's root, because headers cannot hold every character. */
export const sendNtfy: SendTo<ReceiverOf<"ntfy">> = async (config, outgoing) =>
  await post(config, outgoing, (secrets) => {
    const { event } = outgoing;
    const { server, topic } = topicOf(addressOf(config, secrets));
    if (topic === "") throw new Error(`${config.urlFile} names no topic`);
    const click = linkOf({ link: null }, event);
    const urgency = urgencyOf(event.event);
    const bodyWith = (message: string): object => ({
      topic,
      title: shorten(titleOf(event), MOST_TITLE),
      message,
      priority: NTFY_PRIORITY[urgency],
      tags: event.event === "scheduled" ? [] : [NTFY_TAGS[urgency]],
      ...(click !== null && click.length <= MOST_CLICK && { click }),
    });
    const fits = (message: string): boolean =>
      Buffer.byteLength(message) <= NTFY_MESSAGE && jsonBytes(bodyWith(message)) <= NTFY_BODY;
    const body = bodyWith(shortenUntil(event.summary, fits));
    const authorization =
      config.tokenFile === null
        ? {}
        : { Authorization: `Bearer ${secrets.from(config.tokenFile)}` };
    return jsonRequest("POST", server, body, authorization);
  });

function jsonBytes(body: object): number {
  return Buffer.byteLength(JSON.stringify(body));
}

/** The last part of the path is the topic. A query, such as `?auth=…`, is for the server. */
function topicOf(address: string): { readonly server: string; readonly topic: string } {
  const url = new URL(address);
  const parts = withoutSlashes(url.pathname).split("/");
  const topic = parts.pop() ?? "";
  url.pathname = `${parts.join("/")}/`;
  url.hash = "";
  return { server: url.href, topic };
}

/** In bytes: on MySQL and MariaDB, Gotify's column for a message has 65,535. */
const MOST_FOR_GOTIFY = 8192;

export const sendGotify: SendTo<ReceiverOf<"gotify">> = async (config, outgoing) =>
  await post(config, outgoing, (secrets) => {
    const { event } = outgoing;
    const body = {
      title: shorten(titleOf(event), MOST_TITLE),
      message: shortenBytes(event.summary, MOST_FOR_GOTIFY),
      priority: GOTIFY_PRIORITY[urgencyOf(event.event)],
    };
    const headers = { "X-Gotify-Key": secrets.from(config.tokenFile) };
    return jsonRequest("POST", below(config.url, "message"), body, headers);
  });

type WebhookReceiver = ReceiverOf<"webhook">;

/** The event as JSON, with a signature if a secret is configured. */
export const sendWebhook: SendTo<WebhookReceiver> = async (config, outgoing) =>
  await post(config, outgoing, (secrets) => webhookRequest(config, outgoing.event, secrets));

function webhookRequest(
  config: WebhookReceiver,
  event: ReportEvent,
  secrets: Secrets,
): HttpRequest {
  const url = addressOf(config, secrets);
  const plain = jsonRequest("POST", url, event, {
    "Idempotency-Key": event.key,
    ...(config.tokenFile !== null && {
      Authorization: `Bearer ${secrets.from(config.tokenFile)}`,
    }),
  });
  if (config.secretFile === null) return plain;
  const signature = signatureOf(plain.body ?? "", secrets.from(config.secretFile));
  return { ...plain, headers: { ...plain.headers, "X-Hub-Signature-256": signature } };
}

/** As GitHub does it, which many receivers can check: HMAC-SHA256 of the body as it is sent. */
function signatureOf(body: string, secret: string): string {
  return `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`;
}

/** The schema guarantees that one of the two is set. */
export function addressOf(
  { url, urlFile }: { readonly url: string | null; readonly urlFile: string | null },
  secrets: Secrets,
): string {
  return urlFile === null ? (url ?? "") : secrets.addressFrom(urlFile);
}
