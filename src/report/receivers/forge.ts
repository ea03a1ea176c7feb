import { isForgeOf } from "../../core/own-forge.ts";
import type { ForgeReceiver, ReceiverOf } from "../../core/report-defaults.ts";
import type { State } from "../../core/states.ts";
import { commitOf, type ReportEvent } from "../event.ts";

type RepositoryReceiver = ForgeReceiver | ReceiverOf<"github-deployment">;

/** What a forge can show of a state. */
export type Stage = "queued" | "running" | "success" | "failure" | "untried";

/**
 * `failure`: the target was tried and does not run. `untried`: a newer deploy or somebody came in
 * between; a commit that does not run must not look as if it did.
 */
export function stageOf(event: State): Stage {
  switch (event) {
    case "live":
      return "success";
    case "failed":
    case "rolled-back":
      return "failure";
    case "superseded":
    case "cancelled":
      return "untried";
    case "scheduled":
    case "waiting":
      return "queued";
    case "switching":
    case "rebooting":
    case "verifying":
    case "rolling-back":
      return "running";
  }
}

/** What a report to a forge is about. */
export interface Subject {
  readonly repository: string;
  readonly commit: string;
}

export type FoundSubject =
  | { readonly kind: "found"; readonly subject: Subject }
  | { readonly kind: "missing"; readonly why: string };

/**
 * The repository and commit of an event, else why there is none. The repository of a run
 * counts only on the forge that it was on.
 */
export function subjectOf(
  receiver: RepositoryReceiver,
  event: Pick<ReportEvent, "revision" | "forgeRun"> & { readonly rollbackOf?: string | null },
): FoundSubject {
  const commit = commitOf(event);
  if (commit === null) {
    const known = event.revision === null ? "none is known" : `"${event.revision}" is none`;
    const isWayBack = (event.rollbackOf ?? null) !== null;
    const flag = isWayBack ? "" : "give schedule --revision with a whole commit hash, or ";
    return { kind: "missing", why: `${known}: ${flag}set system.configurationRevision` };
  }
  const { forgeRun } = event;
  const ofRun = isForgeOf(forgeRun, receiver) ? forgeRun.repository : null;
  const repository = receiver.repository ?? ofRun;
  if (repository === null) {
    return { kind: "missing", why: `set repository of the receiver ${receiver.name}` };
  }
  return { kind: "found", subject: { repository, commit } };
}

/** @throws Error where the event has no subject: such a report is not made in the first place */
export function requireSubject(receiver: RepositoryReceiver, event: ReportEvent): Subject {
  const found = subjectOf(receiver, event);
  if (found.kind === "missing") throw new Error(`no commit to report on: ${found.why}`);
  return found.subject;
}

/** Where the status leads to: the link configured, else the page of the run. */
export function linkOf(
  { link }: { readonly link: string | null },
  event: ReportEvent,
): string | null {
  if (link === null) return event.forgeRun?.page ?? null;
  const values: Readonly<Record<string, string>> = {
    host: event.host,
    id: event.id,
    revision: event.revision ?? "",
  };
  return link.replaceAll(/\{(host|id|revision)\}/g, (_, name: string) =>
    encodeURIComponent(values[name] ?? ""),
  );
}

export function contextOf({ context }: ForgeReceiver, { host }: ReportEvent): string {
  return context ?? `deploy-finalize/${host}`;
}

/** Each part of `owner/name`, safe in a path. */
export function pathOf(repository: string): string {
  return repository.split("/").map(encodeURIComponent).join("/");
}
