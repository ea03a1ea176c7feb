import { isForgeOf } from "../../core/own-forge.ts";
import type { ReceiverOf } from "../../core/report-defaults.ts";
import { below, type HttpAnswer, type HttpRequest, jsonRequest } from "../../host/http.ts";
import type { ReportEvent } from "../event.ts";
import { cut } from "../words.ts";
import { post } from "./exchange.ts";
import { contextOf, linkOf, requireSubject, type Stage, stageOf } from "./forge.ts";
import { DELIVERED, type SendTo, type Sent } from "./receiver.ts";

type GitlabReceiver = ReceiverOf<"gitlab">;

/** GitLab has a state of its own for what was never tried. */
const STATUS = {
  queued: "pending",
  running: "running",
  success: "success",
  failure: "failed",
  untried: "canceled",
} as const satisfies Record<Stage, string>;

const MOST_DESCRIPTION = 255;

export const sendGitlabStatus: SendTo<GitlabReceiver> = async (config, outgoing) =>
  await post(
    config,
    outgoing,
    (secrets) => gitlabRequest(config, outgoing.event, secrets.from(config.tokenFile)),
    alreadySo,
  );

function gitlabRequest(config: GitlabReceiver, event: ReportEvent, token: string): HttpRequest {
  const { repository, commit } = requireSubject(config, event);
  const project = `projects/${encodeURIComponent(repository)}`;
  const link = linkOf(config, event);
  const body = {
    state: STATUS[stageOf(event.event)],
    name: contextOf(config, event),
    description: cut(event.summary, MOST_DESCRIPTION),
    ...(link !== null && { target_url: link }),
    ...pipelineOf(config, event, repository),
  };
  const url = below(config.url, `api/v4/${project}/statuses/${commit}`);
  return jsonRequest("POST", url, body, { "PRIVATE-TOKEN": token });
}

/** Without them GitLab puts the status on some pipeline of the commit, or makes a new one. */
function pipelineOf(config: GitlabReceiver, { forgeRun }: ReportEvent, repository: string): object {
  // A pipeline of another project is of no use for this one.
  if (!isForgeOf(forgeRun, config) || forgeRun.repository !== repository) return {};
  const { ref, run } = forgeRun;
  const pipeline = Number(run);
  return {
    ...(ref !== null && { ref }),
    ...(Number.isSafeInteger(pipeline) && pipeline > 0 && { pipeline_id: pipeline }),
  };
}

/** A status that comes a second time is refused with these words (notes/gitlab-api.md). */
function alreadySo({ status, text }: HttpAnswer): Sent | null {
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
