import * as v from "valibot";
import { jsonAs } from "../../core/answer.ts";
import type { ReceiverOf } from "../../core/config/report-config.ts";
import { below, type HttpRequest, jsonRequest } from "../../host/network/http.ts";
import { apiOf, headersFor, pathOf } from "../../forge/api.ts";
import type { ReportEvent } from "../event.ts";
import { shorten } from "../words.ts";
import {
  type Answered,
  type Ask,
  exchange,
  judgeByStatus,
  judgeFailure,
  type SendTo,
} from "./exchange.ts";
import { linkOf, requireSubject, type Stage, stageOf } from "./forge.ts";
import { postFields } from "./post-fields.ts";

type DeploymentReceiver = ReceiverOf<"github-deployment">;

/** The state of a deployment; `inactive` means that it never ran. */
const STATUS = {
  queued: "queued",
  running: "in_progress",
  success: "success",
  failure: "failure",
  untried: "inactive",
} as const satisfies Record<Stage, string>;

/**
 * Creates a deployment to an environment and sets its status. A finalization's deployment is found
 * by its payload, so that a repeated report creates no second one.
 */
export const sendDeployment: SendTo<DeploymentReceiver> = async (config, outgoing) =>
  await exchange(config, outgoing, async (ask, secrets) => {
    const client = clientOf(config, outgoing.event, secrets.from(config.tokenFile), ask);
    const found = await findOrMake(client, config, outgoing.event);
    const now = outgoing.host.now();
    if (found.kind === "refused") return judgeFailure(config.kind, found.answer, now);
    const answer = await setState(client, config, outgoing.event, found.id);
    return judgeByStatus(config.kind, answer, now);
  });

type Client = (
  method: HttpRequest["method"],
  path: string,
  body: object | null,
) => Promise<Answered>;

function clientOf(config: DeploymentReceiver, event: ReportEvent, token: string, ask: Ask): Client {
  const { repository } = requireSubject(config, event);
  const base = below(apiOf(config), `repos/${pathOf(repository)}`);
  return async (method, path, body) =>
    await ask(jsonRequest(method, below(base, path), body, headersFor(config.kind, token)));
}

const deploymentId = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const deploymentSchema = v.object({ id: deploymentId, payload: v.optional(v.unknown()) });

/** The id of the deployment that was made; null if it is another text. */
export function madeIn(text: string): number | null {
  return jsonAs(deploymentSchema, text)?.id ?? null;
}

/** The deployments of one page; null if it is another text. */
export function listedIn(text: string): Deployment[] | null {
  return jsonAs(v.array(deploymentSchema), text);
}

type Deployment = v.InferOutput<typeof deploymentSchema>;
const payloadSchema = v.object({ finalization: v.string() });

type Found =
  | { readonly kind: "deployment"; readonly id: number }
  /** The answer says why there is none. */
  | { readonly kind: "refused"; readonly answer: Answered };

async function findOrMake(
  client: Client,
  config: DeploymentReceiver,
  event: ReportEvent,
): Promise<Found> {
  const { commit } = requireSubject(config, event);
  const found = await find(client, { sha: commit, environment: config.environment }, event.id);
  if (found.kind !== "none") return found;
  const fields = {
    ref: commit,
    task: TASK,
    // The deploy is done: GitHub must not merge or check anything before it.
    auto_merge: false,
    required_contexts: [],
    payload: { finalization: event.id },
    environment: config.environment,
    description: shorten(`${event.host}: ${event.reason}`, MOST_DESCRIPTION),
  };
  const made = await postFields(fields, (body) => client("POST", "deployments", body));
  const id = made.status === 201 ? madeIn(made.text) : null;
  return id === null ? { kind: "refused", answer: made } : { kind: "deployment", id };
}

/** Searches all pages, because each host of a fleet has its own deployment of a commit. */
async function find(
  client: Client,
  of: Readonly<Record<"sha" | "environment", string>>,
  id: string,
): Promise<Found | { readonly kind: "none" }> {
  for (let page = 1; ; page++) {
    const part = { per_page: String(MOST_ON_A_PAGE), page: String(page) };
    const query = new URLSearchParams({ ...of, task: TASK, ...part });
    const listed = await client("GET", `deployments?${query.toString()}`, null);
    const deployments = listed.status === 200 ? listedIn(listed.text) : null;
    if (deployments === null) return { kind: "refused", answer: listed };
    const own = deployments.find(
      ({ payload }) => v.is(payloadSchema, payload) && payload.finalization === id,
    );
    if (own !== undefined) return { kind: "deployment", id: own.id };
    if (deployments.length < MOST_ON_A_PAGE) return { kind: "none" };
  }
}

const MOST_ON_A_PAGE = 100;
const TASK = "deploy-finalize";
const MOST_DESCRIPTION = 140;

async function setState(
  client: Client,
  config: DeploymentReceiver,
  event: ReportEvent,
  deployment: number,
): Promise<Answered> {
  const link = linkOf(config, event);
  const fields = {
    state: STATUS[stageOf(event.event)],
    description: shorten(event.summary, MOST_DESCRIPTION),
    // The deployments of other hosts in the environment stay active.
    auto_inactive: false,
    ...(link !== null && { log_url: link }),
  };
  const path = `deployments/${deployment}/statuses`;
  return await postFields(fields, (body) => client("POST", path, body));
}
