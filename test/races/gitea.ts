import { randomBytes } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import * as v from "valibot";

const madeSchema = v.object({ full_name: v.string() });
const tokenSchema = v.object({ token: v.string() });
const taskSchema = v.object({ run_number: v.number(), status: v.string() });
const tasksSchema = v.object({ workflow_runs: v.nullable(v.array(taskSchema)) });

/** The forge has said how a job ended. */
const ENDS = new Set(["success", "failure", "cancelled", "skipped"]);

const ASK_MS = 250;

/** Folder of the host in which a job leaves a sign right before its end. */
export const SIGNS = "/var/lib/racing";

/** One repository on a real Gitea whose workflow deploys; and one with an action that it uses. */
export class Gitea implements AsyncDisposable {
  readonly #api: string;
  readonly #token: string;
  readonly #name = `deploy-finalize-${randomBytes(4).toString("hex")}`;
  readonly #made: string[] = [];
  #pushes = 0;

  constructor(url: string, token: string) {
    this.#api = `${url.replace(/\/+$/, "")}/api/v1/`;
    this.#token = token;
  }

  /** The label of the runner that its jobs want. */
  get label(): string {
    return this.#name;
  }

  /** @param seen the address of this Gitea as the runner sees it */
  async make(seen: string, script: string): Promise<void> {
    const action = await this.#repository(`${this.#name}-action`);
    await this.#commit(action, "action.yml", "An action", ACTION);
    const deploys = await this.#repository(this.#name);
    const uses = `${seen.replace(/\/+$/, "")}/${action}@main`;
    await this.#commit(deploys, ".gitea/workflows/deploy.yml", "Deploy", this.#flow(uses, script));
  }

  /** The token with which a runner registers for the repository that deploys. */
  async registration(): Promise<string> {
    const path = `repos/${this.#made.at(-1)}/actions/runners/registration-token`;
    return v.parse(tokenSchema, await this.#call("POST", path)).token;
  }

  /** A push whose job runs the script with these arguments; returns the number of its run. */
  async push(...args: readonly string[]): Promise<number> {
    const file = `pushes/${randomBytes(4).toString("hex")}`;
    await this.#commit(this.#made.at(-1) ?? "", file, args.join(" "), "");
    return ++this.#pushes;
  }

  /**
   * How the job of a push ended; `unknown` if the forge has not told by then. By the number, because
   * the commit of a run may be a later one: that at which the branch is when Gitea looks at the push.
   */
  async ended(run: number, deadlineMs: number): Promise<string> {
    const until = performance.now() + deadlineMs;
    while (performance.now() < until) {
      const listed = await this.#call("GET", `repos/${this.#made.at(-1)}/actions/tasks?limit=50`);
      const tasks = v.parse(tasksSchema, listed).workflow_runs ?? [];
      const task = tasks.find(({ run_number: one }) => one === run);
      if (task !== undefined && ENDS.has(task.status)) return task.status;
      await setTimeout(ASK_MS);
    }
    return "unknown";
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const repository of this.#made.splice(0)) {
      await this.#call("DELETE", `repos/${repository}`);
    }
  }

  async #repository(name: string): Promise<string> {
    const wanted = { name, auto_init: true, default_branch: "main" };
    const made = v.parse(madeSchema, await this.#call("POST", "user/repos", wanted)).full_name;
    this.#made.push(made);
    await this.#call("PATCH", `repos/${made}`, { has_actions: true });
    return made;
  }

  async #commit(repository: string, file: string, message: string, text: string): Promise<void> {
    const body = { message, content: Buffer.from(text).toString("base64"), branch: "main" };
    await this.#call("POST", `repos/${repository}/contents/${file}`, body);
  }

  #flow(uses: string, script: string): string {
    const lines = script.split("\n").map((line) => `          ${line}`);
    return `on: { push: { paths: ["pushes/**"] } }
jobs:
  deploy:
    runs-on: ${this.#name}
    steps:
      - uses: ${uses}
      - env: { ARGUMENTS: "\${{ github.event.head_commit.message }}" }
        run: |
          set -- $ARGUMENTS
${lines.join("\n")}
`;
  }

  async #call(method: string, path: string, body?: object): Promise<unknown> {
    const headers = { Authorization: `token ${this.#token}`, "Content-Type": "application/json" };
    const sent = { method, headers, body: body === undefined ? null : JSON.stringify(body) };
    const answer = await fetch(`${this.#api}${path}`, sent);
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text === "" ? null : JSON.parse(text);
  }
}

const ACTION = `name: does nothing
description: the runner clones it before the first process of a job
runs: { using: composite, steps: [{ run: "true", shell: sh }] }
`;
