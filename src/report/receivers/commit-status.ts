import type { ForgeReceiver, ReceiverOf } from "../../core/config/report-config.ts";
import { below, type HttpAnswer, jsonRequest } from "../../host/network/http.ts";
import { apiOf, gitlabProject, headersFor, pathOf } from "../../forge/api.ts";
import type { ReportEvent } from "../event.ts";
import { shorten } from "../words.ts";
import { DELIVERED, exchange, judgeByStatus, type SendTo, type Sent } from "./exchange.ts";
import { postFields } from "./post-fields.ts";
import { linkOf, requireSubject, type Stage, stageOf } from "./forge.ts";
import { isForgeOf } from "../../core/config/receivers.ts";

const STATUS = {
  queued: "pending",
  running: "pending",
  success: "success",
  failure: "failure",
  untried: "error",
} as const satisfies Record<Stage, string>;

/** GitLab has its own state for a target that was never tried. */
const GITLAB_STATUS = {
  queued: "pending",
  running: "running",
  success: "success",
  failure: "failed",
  untried: "canceled",
} as const satisfies Record<Stage, string>;

type StatusReceiver = ReceiverOf<"gitea" | "forgejo" | "github">;
type GitlabReceiver = ReceiverOf<"gitlab">;

/** In characters; null for no limit. What is longer is cut, a link is left out. */
interface Limits {
  readonly name: number;
  readonly description: number;
  readonly link: number | null;
}

/** GitHub's limits (notes/github-api.md); Gitea and Forgejo show as much in a line. */
const LIMITS: Limits = { name: 255, description: 140, link: null };
/** notes/gitlab-api.md */
const GITLAB_LIMITS: Limits = { name: 255, description: 255, link: 255 };

/** A commit status on Gitea, Forgejo or GitHub; the requests differ only in address and headers. */
export const sendStatus: SendTo<StatusReceiver> = async (config, outgoing) =>
  await exchange(config, outgoing, async (ask, secrets) => {
    const { event } = outgoing;
    const headers = headersFor(config.kind, secrets.from(config.tokenFile));
    const { repository, commit } = requireSubject(config, event);
    const url = below(apiOf(config), `repos/${pathOf(repository)}/statuses/${commit}`);
    const fields = {
      state: STATUS[stageOf(event.event)],
      context: nameOf(config, event, LIMITS),
      ...detailsOf(config, event, LIMITS),
    };
    const answer = await postFields(fields, (body) => ask(jsonRequest("POST", url, body, headers)));
    return judgeByStatus(config.kind, answer, outgoing.host.now());
  });

export const sendGitlabStatus: SendTo<GitlabReceiver> = async (config, outgoing) =>
  await exchange(config, outgoing, async (ask, secrets) => {
    const { event } = outgoing;
    const headers = { "PRIVATE-TOKEN": secrets.from(config.tokenFile) };
    const { repository, commit } = requireSubject(config, event);
    const project = `projects/${gitlabProject(repository)}`;
    const url = below(config.url, `api/v4/${project}/statuses/${commit}`);
    const fields = {
      state: GITLAB_STATUS[stageOf(event.event)],
      name: nameOf(config, event, GITLAB_LIMITS),
      ...detailsOf(config, event, GITLAB_LIMITS),
      ...pipelineOf(config, event, repository),
    };
    const answer = await postFields(fields, (body) => ask(jsonRequest("POST", url, body, headers)));
    return alreadySo(answer) ?? judgeByStatus(config.kind, answer, outgoing.host.now());
  });

function nameOf({ context }: ForgeReceiver, { host }: ReportEvent, { name }: Limits): string {
  return shorten(context ?? `deploy-finalize/${host}`, name);
}

function detailsOf(config: ForgeReceiver, event: ReportEvent, limits: Limits): object {
  const link = linkOf(config, event);
  const isTaken = link !== null && (limits.link === null || link.length <= limits.link);
  const description = shorten(event.summary, limits.description);
  return { description, ...(isTaken && { target_url: link }) };
}

/**
 * Without these fields GitLab puts the status on any pipeline of the commit, or creates one. Not both:
 * the ref of a merge request's pipeline is not that of its environment, and GitLab looks for both.
 */
function pipelineOf(config: GitlabReceiver, { forgeRun }: ReportEvent, repository: string): object {
  // A pipeline of another project does not apply to this one.
  if (!isForgeOf(forgeRun, config) || forgeRun.repository !== repository) return {};
  const { ref, run } = forgeRun;
  const pipeline = Number(run);
  if (Number.isSafeInteger(pipeline) && pipeline > 0) return { pipeline_id: pipeline };
  return ref === null ? {} : { ref };
}

/** GitLab refuses a repeated status with this message (notes/gitlab-api.md). */
export function alreadySo({ status, text }: HttpAnswer): Sent | null {
  const from = /Cannot transition status via :(\w+) from :(\w+)/.exec(text);
  if (status !== 400 || from === null) return null;
  const [, transition = "", state = ""] = from;
  return LEADS_TO[transition] === state ? DELIVERED : null;
}

const LEADS_TO: Readonly<Record<string, string>> = {
  enqueue: "pending",
  run: "running",
  success: "success",
  drop: "failed",
  cancel: "canceled",
};
