import type { RolloutServer } from "../../fleet/rollouts/rollout-server.ts";
import type { OwedReport, OwedRollout } from "../owed-report.ts";
import { DELIVERED, type Outgoing, type Sent } from "../receivers/exchange.ts";
import { sendTo } from "../receivers/table.ts";
import { type GroupStatus, groupStatus, pastStatus } from "./group-status.ts";
import { wanted } from "./owe-statuses.ts";

/** The rollouts of a group; null if this host is not configured to take part in them. */
export type RolloutsOf = (group: string) => Promise<RolloutServer | null>;

/** A rollout that goes on while its status is sent is sent again, at most so often in one try. */
const MOST_SENT = 5;

/**
 * Sends the status of a group as it is now. Several hosts send it, and a forge shows what came last. So the group
 * is read again afterwards: the host that sends last finds what it has sent, or sends once more.
 */
export async function sendGroupStatus(
  { receiver, event, rollout }: Omit<OwedReport, "rollout"> & { readonly rollout: OwedRollout },
  outgoing: Omit<Outgoing, "event">,
  rolloutsOf: RolloutsOf,
): Promise<Sent> {
  const server = await rolloutsOf(rollout.group);
  if (server === null) {
    const why = `this host does not take part in the rollouts of group ${rollout.group}`;
    return { kind: "refused", why };
  }
  let sentStep: string | null = null;
  for (let sends = 0; sends < MOST_SENT; sends++) {
    const read = await statusNow(server, rollout);
    if (read.kind !== "status") return read;
    const { status } = read;
    if (status.step === sentStep || !receiver.events.includes(wanted(status.event))) {
      return DELIVERED;
    }
    const { event: state, summary } = status;
    const now = { ...event, event: state, summary };
    const sent = await sendTo(receiver, { ...outgoing, event: now });
    if (sent.kind !== "delivered") return sent;
    sentStep = status.step;
  }
  const why = "the rollout goes on faster than its status is taken";
  return { kind: "failed", why, notBefore: null };
}

type StatusNow =
  | { readonly kind: "status"; readonly status: GroupStatus }
  | Exclude<Sent, { readonly kind: "delivered" }>;

async function statusNow(server: RolloutServer, { seq, group }: OwedRollout): Promise<StatusNow> {
  const view = await server.look();
  if (view.kind === "unknown") return { kind: "failed", why: view.why, notBefore: null };
  const status = groupStatus(view);
  const current = view.rollout;
  if (status === null || current === null || current.seq < seq) {
    return { kind: "refused", why: `group ${group} does not know this rollout any more` };
  }
  if (current.seq === seq) return { kind: "status", status };
  const history = await server.history();
  if (history.kind === "unknown") return { kind: "failed", why: history.why, notBefore: null };
  const past = history.past.find((one) => one.seq === seq);
  if (past === undefined) {
    return { kind: "refused", why: `group ${group} has no history of this rollout` };
  }
  const next = history.past.find((one) => one.seq === seq + 1) ?? current;
  return { kind: "status", status: pastStatus(past, next.name) };
}
