import * as v from "valibot";
import { type Api, BETWEEN, bytes, EMPTY, EMPTY_OBJECT, link, reply, text } from "./api.ts";

export const MESSAGES: Readonly<Record<string, Api>> = {
  ntfy: {
    document: "ntfy 2.14: publish as JSON",
    config: {},
    request: ["POST", /^\/$/, "authorization"],
    fields: v.strictObject({
      topic: v.pipe(v.string(), v.regex(/^[-_A-Za-z0-9]{1,64}$/)),
      title: text(256),
      message: bytes(4095),
      priority: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(5)),
      tags: v.array(v.string()),
      click: v.optional(link),
    }),
    body: 8191,
    answers: [
      [
        "200 with the message",
        reply(200, { id: "sPs71M8A2T", event: "message", topic: "deploys" }),
        "taken",
      ],
      [
        "400 for a wrong topic",
        reply(400, { code: 40009, http: 400, error: "invalid topic" }),
        "give-up",
      ],
      [
        "401 for a wrong token",
        reply(401, { code: 40101, http: 401, error: "unauthorized" }),
        "again",
      ],
      [
        "403 for a topic that is not its own",
        reply(403, { code: 40301, http: 403, error: "forbidden" }),
        "again",
      ],
      ["413 for a message that is too large", reply(413, { code: 41301, http: 413 }), "give-up"],
      ["429 for too many messages", reply(429, { code: 42901, http: 429 }), "again"],
      ["507 for a full server", reply(507, { code: 50701, http: 507 }), "again"],
      EMPTY,
      EMPTY_OBJECT,
      ...BETWEEN,
    ],
  },
  gotify: {
    document: "Gotify 2.7, swagger: createMessage",
    config: {},
    request: ["POST", /^\/message$/, "x-gotify-key"],
    fields: v.strictObject({
      title: v.pipe(v.string(), v.nonEmpty()),
      // A column of MySQL and MariaDB that has the type TEXT.
      message: bytes(65_535),
      priority: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(10)),
    }),
    answers: [
      ["200 with the message", reply(200, { id: 25, appid: 5, message: "live" }), "taken"],
      [
        "400 for what it cannot read",
        reply(400, { error: "Bad Request", errorCode: 400 }),
        "give-up",
      ],
      ["401 for a wrong token", reply(401, { error: "Unauthorized", errorCode: 401 }), "again"],
      ["403 for a token of a client", reply(403, { error: "Forbidden", errorCode: 403 }), "again"],
      EMPTY,
      EMPTY_OBJECT,
      ...BETWEEN,
    ],
  },
  slack: {
    document: "Slack: incoming webhooks, read on 2026-11-29",
    config: {},
    request: ["POST", /^\/hook$/, null],
    fields: v.strictObject({ text: text(40_000) }),
    answers: [
      ["200 and ok", { status: 200, body: "ok" }, "taken"],
      ["200 of Rocket.Chat", reply(200, { success: true }), "taken"],
      ["400 for what it cannot read", { status: 400, body: "invalid_payload" }, "give-up"],
      [
        "403 for what an administrator forbids",
        { status: 403, body: "action_prohibited" },
        "again",
      ],
      ["404 for a channel that is gone", { status: 404, body: "channel_not_found" }, "again"],
      ["410 for an archived channel", { status: 410, body: "channel_is_archived" }, "again"],
      ["429 for too many messages", { status: 429, body: "rate_limited" }, "again"],
      ["500 of Slack", { status: 500, body: "rollup_error" }, "again"],
      EMPTY,
      ...BETWEEN,
    ],
  },
  discord: {
    document: "Discord API v10: execute webhook",
    config: {},
    request: ["POST", /^\/hook$/, null],
    fields: v.strictObject({
      content: text(2000),
      allowed_mentions: v.strictObject({ parse: v.array(v.string()) }),
    }),
    answers: [
      ["204", { status: 204, body: "" }, "taken"],
      ["200 with the message, for wait=true", reply(200, { id: "1", content: "live" }), "taken"],
      [
        "400 for what it cannot read",
        reply(400, { code: 50006, message: "empty message" }),
        "give-up",
      ],
      [
        "401 for a wrong token",
        reply(401, { code: 50027, message: "Invalid Webhook Token" }),
        "again",
      ],
      [
        "404 for a webhook that is gone",
        reply(404, { code: 10015, message: "Unknown Webhook" }),
        "again",
      ],
      ["429 for too many messages", reply(429, { retry_after: 1.2, global: false }), "again"],
      EMPTY,
      ...BETWEEN,
    ],
  },
  matrix: {
    document: "Matrix v1.16, client-server API: send",
    config: { room: "!ops:example.org" },
    request: [
      "PUT",
      /^\/_matrix\/client\/v3\/rooms\/[^/]+\/send\/m\.room\.message\/[^/]+$/,
      "authorization",
    ],
    fields: v.strictObject({ msgtype: v.literal("m.notice"), body: v.string() }),
    // An event has 65,536, with its sender, its room and its signatures.
    body: 60_000,
    answers: [
      ["200 with the event", reply(200, { event_id: "$abc:example.org" }), "taken"],
      ["400 for what it cannot read", reply(400, { errcode: "M_BAD_JSON" }), "give-up"],
      ["401 for a wrong token", reply(401, { errcode: "M_UNKNOWN_TOKEN" }), "again"],
      [
        "403 for a room that the user has not joined",
        reply(403, { errcode: "M_FORBIDDEN" }),
        "again",
      ],
      [
        "404 for a path that a proxy does not hand on",
        reply(404, { errcode: "M_UNRECOGNIZED" }),
        "again",
      ],
      ["413 for a message that is too large", reply(413, { errcode: "M_TOO_LARGE" }), "give-up"],
      ["429 for too many messages", reply(429, { errcode: "M_LIMIT_EXCEEDED" }), "again"],
      EMPTY,
      EMPTY_OBJECT,
      ...BETWEEN,
    ],
  },
  webhook: {
    document: "our own: docs/reports.md",
    config: {},
    request: ["POST", /^\/hook$/, "authorization"],
    fields: v.looseObject({ schemaVersion: v.literal(1), key: v.string(), event: v.string() }),
    answers: [
      ["200", { status: 200, body: "" }, "taken"],
      ["204", { status: 204, body: "" }, "taken"],
      ["202 with any text", { status: 202, body: "queued" }, "taken"],
      ["400 for what it cannot read", reply(400), "give-up"],
      ["404 for a path that is gone", reply(404), "again"],
      ["410 for a webhook that was removed", reply(410), "give-up"],
      ["429 for too many events", reply(429), "again"],
      ...BETWEEN,
    ],
  },
};
