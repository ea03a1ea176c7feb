import * as v from "valibot";
import { jsonAs } from "../../core/answer.ts";
import type { ReceiverOf } from "../../core/config/report-config.ts";
import { below, jsonRequest, pathPart } from "../../host/network/http.ts";
import type { ReportEvent } from "../event.ts";
import { shorten, shortenBytes, titleOf } from "../words.ts";
import { type Answered, judgeByStatus, post, type SendTo, type Sent, waitOf } from "./exchange.ts";

function lineOf(event: ReportEvent): string {
  return `${titleOf(event)}. ${event.summary}`;
}

/** Slack and programs that accept its webhooks: Mattermost, Rocket.Chat, Zulip. */
export const sendSlack: SendTo<ReceiverOf<"slack">> = async (config, outgoing) =>
  await post(config, outgoing, (secrets) =>
    jsonRequest("POST", secrets.addressFrom(config.urlFile), {
      text: escapeForSlack(shorten(lineOf(outgoing.event), MOST_FOR_SLACK)),
    }),
  );

/** In characters, before entities: Slack cuts what is longer than 40,000. */
const MOST_FOR_SLACK = 4000;

/** Slack reads `<…>` as a link or a mention of everybody. */
function escapeForSlack(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

const MOST_FOR_DISCORD = 2000;

export const sendDiscord: SendTo<ReceiverOf<"discord">> = async (config, outgoing) =>
  await post(config, outgoing, (secrets) =>
    jsonRequest("POST", secrets.addressFrom(config.urlFile), {
      content: shorten(lineOf(outgoing.event), MOST_FOR_DISCORD),
      // The text of a deploy must not mention everybody.
      allowed_mentions: { parse: [] },
    }),
  );

/** In bytes: the whole event may have 65,536, and JSON can make six of one. */
const MOST_FOR_MATRIX = 8192;

/** A notice in a Matrix room. The transaction id is the report's key, so the server drops a repetition. */
export const sendMatrix: SendTo<ReceiverOf<"matrix">> = async (config, outgoing) =>
  await post(
    config,
    outgoing,
    (secrets) => {
      const [room, transaction] = [config.room, outgoing.event.key].map(pathPart);
      const path = `_matrix/client/v3/rooms/${room}/send/m.room.message/${transaction}`;
      return jsonRequest(
        "PUT",
        below(config.url, path),
        { msgtype: "m.notice", body: shortenBytes(lineOf(outgoing.event), MOST_FOR_MATRIX) },
        { Authorization: `Bearer ${secrets.from(config.tokenFile)}` },
      );
    },
    (answer) => judgeMatrix(answer, outgoing.host.now()),
  );

const limitSchema = v.object({ retry_after_ms: v.number() });

/** Older servers give the time to wait only in the body. */
export function judgeMatrix(answer: Answered, now: Date): Sent | null {
  const judged = judgeByStatus("matrix", answer, now);
  if (judged.kind !== "failed" || judged.notBefore !== null || answer.status !== 429) return null;
  const limit = jsonAs(limitSchema, answer.text);
  if (limit === null) return null;
  return { ...judged, notBefore: waitOf(limit.retry_after_ms, now) };
}
