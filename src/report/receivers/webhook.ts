import { createHmac } from "node:crypto";
import type { ReceiverOf } from "../../core/report-defaults.ts";
import { type HttpRequest, jsonRequest } from "../../host/http.ts";
import type { ReportEvent } from "../event.ts";
import type { Secrets } from "../secrets.ts";
import { post } from "./exchange.ts";
import type { SendTo } from "./receiver.ts";

type WebhookReceiver = ReceiverOf<"webhook">;

/** The event as JSON, signed. */
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

/** The way of GitHub, which many receivers can check: HMAC-SHA256 of the body as it is sent. */
function signatureOf(body: string, secret: string): string {
  return `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`;
}

/** The schema sees to it that there is one of the two. */
export function addressOf(
  { url, urlFile }: { readonly url: string | null; readonly urlFile: string | null },
  secrets: Secrets,
): string {
  return urlFile === null ? (url ?? "") : secrets.addressFrom(urlFile);
}
