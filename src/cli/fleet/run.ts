import { endOfPast } from "../../core/fleet/past-end.ts";
import { EXIT } from "../../core/outcome.ts";
import { Refusal } from "../../core/refusal.ts";
import type { FleetHistoryJson } from "../../json/fleet.ts";
import { fleetHistoryScreen } from "../../view/fleet/fleet-history-screen.ts";
import { fleetScreen } from "../../view/fleet/fleet-screen.ts";
import { type CommonOptions, printResult, styleOf } from "../context.ts";
import { followFleet } from "./follow.ts";
import { lookAtFleet, toRolloutJson } from "./look.ts";
import { operate } from "./operate.ts";
import type { FleetPlace } from "./place.ts";
import type { Order } from "./question.ts";

/** What a call of `fleet` asks for. */
export type FleetWanted =
  | {
      readonly act: "status";
      readonly shown: "all" | "notable";
      readonly until: "now" | "end";
      /** Of those that are followed: the one to wait for. */
      readonly rollout?: string;
    }
  | { readonly act: "history"; readonly limit: number }
  | Order;

interface RunOptions extends CommonOptions {
  readonly yes?: true;
}

/** @returns the exit code: 1 if the rollout is unknown, or is followed and halted or a host has failed */
export async function runFleet(
  place: FleetPlace,
  wanted: FleetWanted,
  options: RunOptions,
): Promise<number> {
  switch (wanted.act) {
    case "status": {
      const { shown, until, rollout = null } = wanted;
      if (until === "now") return await showFleet(place, shown, options);
      const output = options.json ? "json" : "screen";
      return await followFleet(place, { shown, output, rollout });
    }
    case "history":
      return await showHistory(place, wanted.limit, options);
    case "halt":
    case "resume":
    case "forget":
      return await operate(place, wanted, options);
  }
}

async function showFleet(
  place: FleetPlace,
  shown: "all" | "notable",
  options: CommonOptions,
): Promise<number> {
  const { context } = place;
  const seen = await lookAtFleet(place);
  printResult(
    context,
    options,
    () => seen,
    () => fleetScreen(styleOf(context), context.now(), seen, shown),
  );
  return seen.unknown === null ? EXIT.done : EXIT.failed;
}

async function showHistory(
  { context, server, group, endpoints }: FleetPlace,
  limit: number,
  options: CommonOptions,
): Promise<number> {
  const known = await server.history();
  if (known.kind === "unknown") throw new Refusal(`the history is unknown: ${known.why}`);
  const past = known.past.slice(0, limit).map((one) => {
    const { endedAt, live, members } = one;
    return { ...toRolloutJson(one), endedAt, live, members, end: endOfPast(one).kind };
  });
  const seen: FleetHistoryJson = { schemaVersion: 1, group, server: [...endpoints], past };
  printResult(
    context,
    options,
    () => seen,
    () => fleetHistoryScreen(styleOf(context), context.now(), seen),
  );
  return EXIT.done;
}
