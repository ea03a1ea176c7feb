import * as v from "valibot";
import { type Api, BETWEEN, EMPTY, link, message, reply, states, text } from "./api.ts";

const FORGE = { repository: "infra/hosts", link: `https://x.example/${"a".repeat(2000)}` };

const giteaLike = (document: string): Api => ({
  document,
  config: { ...FORGE, context: "c".repeat(300) },
  request: ["POST", /^\/api\/v1\/repos\/infra\/hosts\/statuses\/[0-9a-f]{40}$/, "authorization"],
  fields: v.strictObject({
    state: states("pending", "success", "error", "failure", "warning"),
    target_url: v.optional(link),
    description: v.optional(v.string()),
    context: text(255),
  }),
  answers: [
    ["201 with the status", reply(201, { id: 1, status: "success" }), "taken"],
    ["400 for what it cannot read", message(400, "invalid"), "give-up"],
    ["401 for a wrong token", message(401, "invalid username, password or token"), "again"],
    ["403 for a scope that the token lacks", message(403, "token does not have scope"), "again"],
    ["404 for what the token may not see", message(404, "GetRepoByOwnerAndName"), "again"],
    ["422 for a body of no JSON", message(422, "Empty Content-Type"), "give-up"],
    ["500 for a commit that is not pushed yet", message(500, "object does not exist"), "again"],
    EMPTY,
    ...BETWEEN,
  ],
});

const NOT_PUSHED = "No commit found for SHA: 9f3c1b7a5d2e4860f1a2b3c4d5e6f708192a3b4c";

export const FORGES: Readonly<Record<string, Api>> = {
  gitea: giteaLike("Gitea 1.27.3, swagger: repoCreateStatus"),
  forgejo: giteaLike("Forgejo at 61789862, swagger: repoCreateStatus"),
  github: {
    document: "GitHub REST 2022-11-28: create a commit status",
    config: { ...FORGE, context: "c".repeat(300) },
    request: ["POST", /^\/api\/v3\/repos\/infra\/hosts\/statuses\/[0-9a-f]{40}$/, "authorization"],
    fields: v.strictObject({
      state: states("error", "failure", "pending", "success"),
      target_url: v.optional(link),
      description: v.optional(text(140)),
      context: text(255),
    }),
    answers: [
      ["201 with the status", reply(201, { id: 1, state: "success" }), "taken"],
      ["401 for a wrong token", message(401, "Bad credentials"), "again"],
      ["403 for a scope that the token lacks", message(403, "Resource not accessible"), "again"],
      ["404 for what the token may not see", message(404, "Not Found"), "again"],
      ["422 for a commit that is not pushed yet", message(422, NOT_PUSHED), "again"],
      ["429 for too many requests", message(429, "rate limit"), "again"],
      ["400 for a body of no JSON", message(400, "Problems parsing JSON"), "give-up"],
      EMPTY,
      ...BETWEEN,
    ],
  },
  gitlab: {
    document: "GitLab 18.6: set commit pipeline status",
    config: { ...FORGE, context: "c".repeat(300) },
    request: [
      "POST",
      /^\/api\/v4\/projects\/infra%2Fhosts\/statuses\/[0-9a-f]{40}$/,
      "private-token",
    ],
    fields: v.strictObject({
      state: states("pending", "running", "success", "failed", "canceled"),
      name: text(255),
      target_url: v.optional(v.pipe(link, v.maxLength(255))),
      description: v.optional(v.pipe(v.string(), v.maxLength(255))),
      ref: v.optional(text(255)),
      pipeline_id: v.optional(v.pipe(v.number(), v.integer())),
    }),
    answers: [
      ["201 with the status", reply(201, { id: 1, status: "success" }), "taken"],
      [
        "400 for a status that it has already",
        message(400, "Cannot transition status via :success from :success"),
        "taken",
      ],
      [
        "400 for another transition",
        message(400, "Cannot transition status via :run from :success"),
        "give-up",
      ],
      ["401 for a wrong token", message(401, "401 Unauthorized"), "again"],
      ["403 for a protected branch", message(403, "403 Forbidden"), "again"],
      ["404 for a commit that is not pushed yet", message(404, "404 Commit Not Found"), "again"],
      [
        "404 for a commit on no branch",
        message(404, "404 References for commit Not Found"),
        "again",
      ],
      [
        "409 for two statuses at once",
        message(409, "Another update to this commit status is in progress"),
        "again",
      ],
      [
        "422 for too many jobs",
        message(422, "The number of jobs has exceeded the limit"),
        "give-up",
      ],
      ["429 for too many requests", { status: 429, body: "Retry later\n" }, "again"],
      EMPTY,
      ...BETWEEN,
    ],
  },
};
