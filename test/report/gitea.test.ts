import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import * as v from "valibot";
import { CONTRACT, type Gitea, type Status } from "./contract.ts";
import { COMMIT } from "./reports.ts";
import { type Received, type Reply, StandInServer } from "./server.ts";

const TOKEN = "planted-token-4711";

const statusSchema = v.strictObject({
  state: v.picklist(["pending", "success", "error", "failure", "warning"]),
  target_url: v.optional(v.string(), ""),
  description: v.optional(v.string(), ""),
  context: v.optional(v.string(), "default"),
});

/** A stand-in that takes what Gitea's API document describes, and nothing else (notes/gitea-api.md). */
async function standIn(): Promise<Gitea> {
  const server = await StandInServer.listen();
  const statuses: Status[] = [];
  const answer = ({ method, path, headers, body }: Received): Reply => {
    if (headers.authorization !== `token ${TOKEN}`)
      return refuse(401, "invalid username, password or token");
    const sha = /^\/api\/v1\/repos\/infra\/hosts\/statuses\/([0-9a-f]+)$/.exec(path)?.[1];
    if (method !== "POST" || sha === undefined) return refuse(404, "GetRepoByOwnerAndName");
    if (headers["content-type"] !== "application/json") return refuse(422, "Empty Content-Type");
    if (sha !== COMMIT) return refuse(500, "object does not exist");
    const { state, ...rest } = v.parse(statusSchema, JSON.parse(body));
    statuses.push({ status: state, ...rest });
    return { status: 201, body: { id: statuses.length, status: state, ...rest } };
  };
  server.answers = [answer];
  return {
    url: server.url,
    token: TOKEN,
    repository: "infra/hosts",
    commit: COMMIT,
    statuses: async () => statuses,
    [Symbol.asyncDispose]: async () => await server[Symbol.asyncDispose](),
  };
}

function refuse(status: number, message: string): Reply {
  return { status, body: { message } };
}

for (const [name, part] of Object.entries(CONTRACT)) {
  test(`Gitea, a stand-in: ${name}`, async () => {
    await using gitea = await standIn();
    await part(gitea);
  });
}

/** A real one: a repository is made for each part, and removed. */
async function real(url: string, token: string): Promise<Gitea> {
  const call = async (method: string, path: string, body?: object): Promise<unknown> => {
    const headers = { Authorization: `token ${token}`, "Content-Type": "application/json" };
    const answer = await fetch(`${url.replace(/\/+$/, "")}/api/v1/${path}`, {
      method,
      headers,
      body: body === undefined ? null : JSON.stringify(body),
    });
    const text = await answer.text();
    assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${text}`);
    return text === "" ? null : JSON.parse(text);
  };
  const name = `deploy-finalize-${randomBytes(4).toString("hex")}`;
  const made = await call("POST", "user/repos", { name, private: true, auto_init: true });
  const { full_name: repository } = v.parse(v.object({ full_name: v.string() }), made);
  const commits = await call("GET", `repos/${repository}/commits?limit=1`);
  const commit = v.parse(v.array(v.object({ sha: v.string() })), commits)[0]?.sha ?? "";
  const listed = v.array(
    v.object({
      id: v.number(),
      status: v.string(),
      context: v.string(),
      description: v.string(),
      target_url: v.string(),
    }),
  );
  return {
    url,
    token,
    repository,
    commit,
    statuses: async () => {
      const all = v.parse(listed, await call("GET", `repos/${repository}/statuses/${commit}`));
      return all.toSorted((a, b) => a.id - b.id);
    },
    [Symbol.asyncDispose]: async () => void (await call("DELETE", `repos/${repository}`)),
  };
}

const { GITEA_URL, GITEA_TOKEN } = process.env;
if (GITEA_URL !== undefined && GITEA_TOKEN !== undefined) {
  for (const [name, part] of Object.entries(CONTRACT)) {
    void test(`Gitea at ${GITEA_URL}: ${name}`, { timeout: 60_000 }, async () => {
      await using gitea = await real(GITEA_URL, GITEA_TOKEN);
      await part(gitea);
    });
  }
}
