import * as v from "valibot";
import { jsonIn } from "../../core/answer.ts";
import type { ReceiverOf } from "../../core/report-defaults.ts";
import { below, type HttpRequest, jsonRequest } from "../../host/http.ts";
import type { ReportEvent } from "../event.ts";
import { cut } from "../words.ts";
import { type Answered, type Ask, exchange, judgeByStatus } from "./exchange.ts";
import { linkOf, pathOf, requireSubject, type Stage, stageOf } from "./forge.ts";
import type { SendTo } from "./receiver.ts";
import { apiOf, headersFor } from "./status.ts";

type DeploymentReceiver = ReceiverOf<"github-deployment">;

/** The state of a deployment; `inactive` is one that never ran. */
const STATUS = {
  queued: "queued",
  running: "in_progress",
  success: "success",
  failure: "failure",
  untried: "inactive",
} as const satisfies Record<Stage, string>;

/**
 * A deployment to an environment, and its status. The deployment of a finalization is
 * found by its payload, so that a report that comes twice makes no second one.
 */
export const sendDeployment: SendTo<DeploymentReceiver> = async (config, outgoing) =>
  await exchange(config, outgoing, async (ask, secrets) => {
    const client = clientOf(config, outgoing.event, secrets.from(config.tokenFile), ask);
    const found = await findOrMake(client, config, outgoing.event);
    const answer =
      found.kind === "deployment"
        ? await setState(client, config, outgoing.event, found.id)
        : found.answer;
    return judgeByStatus(answer, outgoing.host.now());
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

const deploymentSchema = v.object({ id: v.number(), payload: v.optional(v.unknown()) });
const payloadSchema = v.object({ finalization: v.string() });

type Found =
  | { readonly kind: "deployment"; readonly id: number }
  /** The answer tells why there is none. */
  | { readonly kind: "refused"; readonly answer: Answered };

async function findOrMake(
  client: Client,
  config: DeploymentReceiver,
  event: ReportEvent,
): Promise<Found> {
  const { commit } = requireSubject(config, event);
  const found = await find(client, { sha: commit, environment: config.environment }, event.id);
  if (found.kind !== "none") return found;
  const made = await client("POST", "deployments", {
    ref: commit,
    task: TASK,
    // The deploy has been made: nothing is to be merged or checked before it.
    auto_merge: false,
    required_contexts: [],
    payload: { finalization: event.id },
    environment: config.environment,
    description: cut(`${event.host}: ${event.reason}`, MOST_DESCRIPTION),
  });
  if (made.status !== 201) return { kind: "refused", answer: made };
  return { kind: "deployment", id: v.parse(deploymentSchema, jsonIn(made.text)).id };
}

/** None where it is on none of the pages: each host of a fleet has a deployment of a commit. */
async function find(
  client: Client,
  of: Readonly<Record<"sha" | "environment", string>>,
  id: string,
): Promise<Found | { readonly kind: "none" }> {
  for (let page = 1; ; page++) {
    const part = { per_page: String(MOST_ON_A_PAGE), page: String(page) };
    const query = new URLSearchParams({ ...of, task: TASK, ...part });
    const listed = await client("GET", `deployments?${query.toString()}`, null);
    if (listed.status !== 200) return { kind: "refused", answer: listed };
    const deployments = v.parse(v.array(deploymentSchema), jsonIn(listed.text));
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
  return await client("POST", `deployments/${deployment}/statuses`, {
    state: STATUS[stageOf(event.event)],
    description: cut(event.summary, MOST_DESCRIPTION),
    // Other hosts of the environment stay what they are.
    auto_inactive: false,
    ...(link !== null && { log_url: link }),
  });
}
