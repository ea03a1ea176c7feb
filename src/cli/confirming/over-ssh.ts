import { beganAfterAct } from "../../core/record/new-login.ts";
import { awaitsConfirmation, type FinalizationRecord } from "../../core/record/record.ts";
import { EXIT } from "../../core/outcome.ts";
import { Refusal } from "../../core/refusal.ts";
import type { Services } from "../../finalize/undo-deploy.ts";
import { readBootId } from "../../host/nixos/systems.ts";
import { findSshLogin } from "../../host/systemd/logind/ssh-login.ts";
import type { CommonOptions, Context } from "../context.ts";
import { requireRoot } from "../shared/guards.ts";
import { leaveRequest, requesterOf } from "../shared/requests.ts";

/** Confirms a finalization that asks for it. */
export type Confirm = (record: FinalizationRecord) => Promise<void>;

/**
 * Confirms as somebody who has just reached the host: over an SSH connection that began after the act.
 *
 * @throws Refusal if this call did not come over SSH; from what it returns, a Refusal (75) if its
 *   connection is older than the act
 */
export async function confirmOverSsh(
  context: Context,
  services: Services,
  options: CommonOptions,
): Promise<Confirm> {
  requireRoot(context, "confirming");
  const login = await findSshLogin(services.host, await context.ownAddresses());
  if (login.kind === "none") {
    throw new Refusal(
      `${login.why}, so it does not show that this host can be reached. Run it over SSH from another ` +
        "machine. To confirm without that proof, run deploy-finalize confirm.",
    );
  }
  let isAsked = false;
  return async (record) => {
    if (isAsked || !awaitsConfirmation(record)) return;
    const bootId = readBootId(services.host.paths);
    if (!beganAfterAct(record, { bootId, began: login.began })) throw connectionTooOld(record.id);
    isAsked = true;
    const who = `${requesterOf(context).user ?? "somebody"} from ${login.from}, by a new login`;
    await leaveRequest(context, services, options, { id: record.id, kind: "confirm", who });
  };
}

function connectionTooOld(id: string): Refusal {
  return new Refusal(
    `${id} waits for a confirmation, but this SSH connection began before the act, so it does not show ` +
      "that the host can still be reached. Run this again over a new connection, with: ssh -o ControlPath=none",
    EXIT.unfinished,
  );
}
