import * as v from "valibot";
import { jsonIn } from "../../core/answer.ts";
import type { ReceiverOf } from "../../core/report-defaults.ts";
import { below, jsonRequest } from "../../host/http.ts";
import type { ReportEvent } from "../event.ts";
import { cut, titleOf } from "../words.ts";
import { type Answered, judgeByStatus, post } from "./exchange.ts";
import type { SendTo, Sent } from "./receiver.ts";

function lineOf(event: ReportEvent): string {
  return `${titleOf(event)}. ${event.summary}`;
}

/** Slack, and what takes its webhooks, such as Mattermost, Rocket.Chat and Zulip. */
export const sendSlack: SendTo<ReceiverOf<"slack">> = async (config, outgoing) =>
  await post(config, outgoing, (secrets) =>
    jsonRequest("POST", secrets.addressFrom(config.urlFile), {
      text: escapeForSlack(lineOf(outgoing.event)),
    }),
  );

/** Slack reads `<…>` as a link or a call to everybody. */
function escapeForSlack(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

const MOST_FOR_DISCORD = 2000;

export const sendDiscord: SendTo<ReceiverOf<"discord">> = async (config, outgoing) =>
  await post(config, outgoing, (secrets) =>
    jsonRequest("POST", secrets.addressFrom(config.urlFile), {
      content: cut(lineOf(outgoing.event), MOST_FOR_DISCORD),
      // Text of a deploy must not be able to call everybody.
      allowed_mentions: { parse: [] },
    }),
  );

/** A notice in a Matrix room. The transaction's id is the report's, so the server drops a second one. */
export const sendMatrix: SendTo<ReceiverOf<"matrix">> = async (config, outgoing) =>
  await post(
    config,
    outgoing,
    (secrets) => {
      const [room, transaction] = [config.room, outgoing.event.key].map(encodeURIComponent);
      const path = `_matrix/client/v3/rooms/${room}/send/m.room.message/${transaction}`;
      return jsonRequest(
        "PUT",
        below(config.url, path),
        { msgtype: "m.notice", body: lineOf(outgoing.event) },
        { Authorization: `Bearer ${secrets.from(config.tokenFile)}` },
      );
    },
    (answer) => judgeMatrix(answer, outgoing.host.now()),
  );

const limitSchema = v.object({ retry_after_ms: v.number() });

/** Older servers tell only in the body how long to wait. */
function judgeMatrix(answer: Answered, now: Date): Sent | null {
  const judged = judgeByStatus(answer, now);
  if (judged.kind !== "failed" || judged.notBefore !== null || answer.status !== 429) return null;
  const limit = v.safeParse(limitSchema, jsonIn(answer.text));
  if (!limit.success) return null;
  return { ...judged, notBefore: new Date(now.getTime() + limit.output.retry_after_ms) };
}
