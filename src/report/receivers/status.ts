import type { ReceiverOf } from "../../core/report-defaults.ts";
import type { State } from "../../core/states.ts";
import type { ReportEvent } from "../event.ts";
import type { HttpRequest } from "../http.ts";
import { cut } from "../words.ts";
import { below, jsonRequest, post } from "./exchange.ts";
import { contextOf, linkOf, pathOf, requireSubject } from "./forge.ts";
import type { SendTo } from "./receiver.ts";

type StatusReceiver = ReceiverOf<"gitea" | "forgejo" | "github">;

/**
 * The state of a commit. `failure`: the target was tried and does not run. `error`: it was
 * never tried, because a newer deploy or somebody came in between; a commit that does not
 * run must not look as if it did.
 */
export function statusOf(event: State): "pending" | "success" | "failure" | "error" {
  switch (event) {
    case "live":
      return "success";
    case "failed":
    case "rolled-back":
      return "failure";
    case "superseded":
    case "cancelled":
      return "error";
    case "scheduled":
    case "waiting":
    case "switching":
    case "rebooting":
    case "verifying":
    case "rolling-back":
      return "pending";
  }
}

/** What GitHub takes (notes/github-api.md); the other two show as much in a line. */
const MOST_DESCRIPTION = 140;

/** A commit status on Gitea, Forgejo and GitHub, whose requests differ only in the address and the token. */
export const sendStatus: SendTo<StatusReceiver> = async (config, outgoing) =>
  await post(config, outgoing, (secrets) =>
    statusRequest(config, outgoing.event, secrets.from(config.tokenFile)),
  );

export function statusRequest(
  config: StatusReceiver,
  event: ReportEvent,
  token: string,
): HttpRequest {
  const { repository, commit } = requireSubject(config, event);
  const link = linkOf(config, event);
  const url = below(apiOf(config), `repos/${pathOf(repository)}/statuses/${commit}`);
  return jsonRequest(
    "POST",
    url,
    {
      state: statusOf(event.event),
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
