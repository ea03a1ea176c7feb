import type { ReceiverOf } from "../../core/report-defaults.ts";
import { below, type HttpRequest, jsonRequest } from "../../host/http.ts";
import type { ReportEvent } from "../event.ts";
import { cut } from "../words.ts";
import { post } from "./exchange.ts";
import { contextOf, linkOf, pathOf, requireSubject, type Stage, stageOf } from "./forge.ts";
import type { SendTo } from "./receiver.ts";

type StatusReceiver = ReceiverOf<"gitea" | "forgejo" | "github">;

/** The state of a commit. */
const STATUS = {
  queued: "pending",
  running: "pending",
  success: "success",
  failure: "failure",
  untried: "error",
} as const satisfies Record<Stage, string>;

/** What GitHub takes (notes/github-api.md); the other two show as much in a line. */
const MOST_DESCRIPTION = 140;

/** A commit status on Gitea, Forgejo and GitHub, whose requests differ only in the address and the token. */
export const sendStatus: SendTo<StatusReceiver> = async (config, outgoing) =>
  await post(config, outgoing, (secrets) =>
    statusRequest(config, outgoing.event, secrets.from(config.tokenFile)),
  );

function statusRequest(config: StatusReceiver, event: ReportEvent, token: string): HttpRequest {
  const { repository, commit } = requireSubject(config, event);
  const link = linkOf(config, event);
  const url = below(apiOf(config), `repos/${pathOf(repository)}/statuses/${commit}`);
  return jsonRequest(
    "POST",
    url,
    {
      state: STATUS[stageOf(event.event)],
      ...(link !== null && { target_url: link }),
      description: cut(event.summary, MOST_DESCRIPTION),
      context: contextOf(config, event),
    },
    headersFor(config.kind, token),
  );
}

/** Where the API of a forge is: GitHub's own is on a host of its own. */
export function apiOf({ kind, url }: { readonly kind: string; readonly url: string }): string {
  if (!kind.startsWith("github")) return below(url, "api/v1");
  const { host } = new URL(url);
  if (host === "api.github.com") return url;
  return host === "github.com" ? "https://api.github.com" : below(url, "api/v3");
}

export function headersFor(kind: string, token: string): HttpRequest["headers"] {
  if (!kind.startsWith("github")) return { Authorization: `token ${token}` };
  return {
    Accept: "application/vnd.github+json",
    Authorization: `Bearer ${token}`,
    "X-GitHub-Api-Version": "2022-11-28",
  };
}
