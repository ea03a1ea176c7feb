import { isForgeOf, type RepositoryReceiver } from "../../core/config/receivers.ts";
import { isWebAddress } from "../../core/config/schema-parts.ts";
import type { State } from "../../core/states.ts";
import { commitOf, type ReportEvent } from "../event.ts";

/** The states that a forge can show. */
export type Stage = "queued" | "running" | "success" | "failure" | "untried";

/**
 * `failure`: the target was tried and does not run. `untried`: a newer deploy or a person ended it
 * before; a commit that does not run must not look as if it did.
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

export interface Subject {
  readonly repository: string;
  readonly commit: string;
}

export type FoundSubject =
  | { readonly kind: "found"; readonly subject: Subject }
  | { readonly kind: "missing"; readonly why: string };

/**
 * The repository and commit of an event, or why there is none. The repository of a run counts only
 * on the run's own forge.
 */
export function subjectOf(
  receiver: RepositoryReceiver,
  event: Pick<ReportEvent, "revision" | "forgeRun"> & { readonly rollbackOf?: string | null },
): FoundSubject {
  const commit = commitOf(event);
  if (commit === null) {
    const known =
      event.revision === null ? "the revision is unknown" : `"${event.revision}" is not a commit`;
    const isRollback = (event.rollbackOf ?? null) !== null;
    const flag = isRollback ? "" : "give schedule --revision with a whole commit hash, or ";
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

/** @throws Error if the event has no subject: such a report never becomes owed */
export function requireSubject(receiver: RepositoryReceiver, event: ReportEvent): Subject {
  const found = subjectOf(receiver, event);
  if (found.kind === "missing") throw new Error(`no commit to report on: ${found.why}`);
  return found.subject;
}

/** The link of the status: the configured one, else the page of the run; null if it is no address. */
export function linkOf(
  { link }: { readonly link: string | null },
  event: ReportEvent,
): string | null {
  const filled = link === null ? (event.forgeRun?.page ?? null) : filledIn(link, event);
  return filled !== null && isWebAddress(filled) ? filled : null;
}

function filledIn(link: string, event: ReportEvent): string {
  const values: Readonly<Record<string, string>> = {
    host: event.host,
    id: event.id,
    revision: event.revision ?? "",
  };
  return link.replaceAll(/\{(host|id|revision)\}/g, (_, name: string) =>
    encodeURIComponent(values[name] ?? ""),
  );
}
