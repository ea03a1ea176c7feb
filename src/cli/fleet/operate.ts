import { printableLine } from "../../core/printable.ts";
import { EXIT } from "../../core/outcome.ts";
import { Refusal } from "../../core/refusal.ts";
import type { OperatorAct } from "../../fleet/rollouts/rollout-server.ts";
import type { FleetActJson } from "../../json/fleet.ts";
import { shortName } from "../../view/fleet/counts.ts";
import { type CommonOptions, type Context, printOutcome } from "../context.ts";
import { requesterOf } from "../shared/requests.ts";
import { makeSure } from "../shared/terminal.ts";
import { lookAtFleet, toRolloutJson } from "./look.ts";
import type { FleetPlace } from "./place.ts";
import { type Order, questionFor } from "./question.ts";

interface OrderOptions extends CommonOptions {
  readonly yes?: true;
}

/**
 * Carries out an order. With --yes it does not look first: an emergency halt needs one request.
 *
 * @throws Refusal if it is refused, or if its outcome is unknown
 */
export async function operate(
  place: FleetPlace,
  order: Order,
  options: OrderOptions,
): Promise<number> {
  const { context } = place;
  if (options.yes !== true) {
    await makeSure(context, questionFor(order, await lookAtFleet(place), context.now()));
  }
  const by = operatorOf(context);
  const acted = await carryOut(place, order, by);
  switch (acted.kind) {
    case "done": {
      const did: FleetActJson = {
        schemaVersion: 1,
        group: place.group,
        server: [...place.endpoints],
        act: order.act,
        host: order.act === "forget" ? order.host : null,
        by,
        rollout: toRolloutJson(acted.rollout),
      };
      printOutcome(
        context,
        options,
        () => did,
        () => [inWords(did)],
      );
      await place.report?.(acted.rollout);
      return EXIT.done;
    }
    case "refused":
      throw new Refusal(acted.why);
    case "unknown":
      if (acted.changed === "nothing") throw new Refusal(`nothing was changed: ${acted.why}`);
      throw new Refusal(
        `it is unknown whether this was done: ${acted.why}. Look: deploy-finalize fleet status`,
      );
  }
}

async function carryOut({ server }: FleetPlace, order: Order, by: string): Promise<OperatorAct> {
  switch (order.act) {
    case "halt":
      return await server.halt(by, order.why ?? "by hand");
    case "resume":
      return await server.resume(by);
    case "forget":
      return await server.forget(order.host);
  }
}

/** The caller and the host, for the other hosts: `anna on web1`. */
function operatorOf(context: Context): string {
  const { user } = requesterOf(context);
  return `${user ?? "root"} on ${context.hostName}`;
}

function inWords({ act, group, host, rollout }: FleetActJson): string {
  const name = printableLine(`rollout ${shortName(rollout)} of group ${group}`);
  switch (act) {
    case "halt":
      return `${name} is halted`;
    case "resume":
      return `${name} goes on`;
    case "forget":
      return `${name} does not wait for ${printableLine(host ?? "")} any more`;
  }
}
