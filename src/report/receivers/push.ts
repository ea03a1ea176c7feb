import type { ReceiverOf } from "../../core/report-defaults.ts";
import { below, jsonRequest } from "../../host/http.ts";
import { linkOf } from "./forge.ts";
import { titleOf, urgencyOf } from "../words.ts";
import { post } from "./exchange.ts";
import type { SendTo } from "./receiver.ts";
import { addressOf } from "./webhook.ts";

/** Of five, and of ten. */
const NTFY_PRIORITY = { normal: 3, high: 4, urgent: 5 } as const;
const GOTIFY_PRIORITY = { normal: 4, high: 7, urgent: 9 } as const;
const NTFY_TAGS = {
  normal: "white_check_mark",
  high: "warning",
  urgent: "rotating_light",
} as const;

/** ntfy: as JSON to the server's root, because headers cannot hold every letter. */
export const sendNtfy: SendTo<ReceiverOf<"ntfy">> = async (config, outgoing) =>
  await post(config, outgoing, (secrets) => {
    const { event } = outgoing;
    const topic = addressOf(config, secrets).replace(/\/+$/, "");
    const slash = topic.lastIndexOf("/");
    if (new URL(topic).pathname === "/") throw new Error(`${config.urlFile} names no topic`);
    const click = linkOf({ link: null }, event);
    const urgency = urgencyOf(event.event);
    const body = {
      topic: topic.slice(slash + 1),
      title: titleOf(event),
      message: event.summary,
      priority: NTFY_PRIORITY[urgency],
      tags: event.event === "scheduled" ? [] : [NTFY_TAGS[urgency]],
      ...(click !== null && { click }),
    };
    const authorization =
      config.tokenFile === null
        ? {}
        : { Authorization: `Bearer ${secrets.from(config.tokenFile)}` };
    return jsonRequest("POST", topic.slice(0, slash + 1), body, authorization);
  });

export const sendGotify: SendTo<ReceiverOf<"gotify">> = async (config, outgoing) =>
  await post(config, outgoing, (secrets) => {
    const { event } = outgoing;
    const body = {
      title: titleOf(event),
      message: event.summary,
      priority: GOTIFY_PRIORITY[urgencyOf(event.event)],
    };
    const headers = { "X-Gotify-Key": secrets.from(config.tokenFile) };
    return jsonRequest("POST", below(config.url, "message"), body, headers);
  });
