import { Argument, InvalidArgumentError } from "commander";
import type { Config } from "../../core/config/config.ts";
import { isRolloutName } from "../../core/config/fleet/rollout-name.ts";
import { EXIT } from "../../core/outcome.ts";
import { printableLine } from "../../core/printable.ts";
import { Refusal } from "../../core/refusal.ts";
import { acts, type Cli, newCommand, readGroup, readLimit, withJson } from "../command.ts";
import { openServices } from "../compose.ts";
import type { CommonOptions, Context } from "../context.ts";
import { placeOf } from "../fleet/place.ts";
import { reportingOf } from "../fleet/report.ts";
import { type FleetWanted, runFleet } from "../fleet/run.ts";
import { requireRoot } from "../shared/guards.ts";

interface FleetOptions extends CommonOptions {
  readonly group?: string;
  readonly follow?: true;
  readonly rollout?: string;
  readonly all?: true;
  readonly limit?: number;
  readonly why?: string;
  readonly yes?: true;
}

const ACTIONS = ["status", "history", "halt", "resume", "forget"] as const;
type FleetAction = (typeof ACTIONS)[number];

export function addFleet(cli: Cli): void {
  const action = new Argument(
    "<what>",
    "what to do: status shows the rollout, history the rollouts before it; halt and resume stop it and let it go on; forget removes a host that does not come back",
  );
  const host = new Argument("[host]", "for forget: the host, by its name or its ID in etcd");
  withJson(newCommand(cli, "fleet").addArgument(action.choices(ACTIONS)).addArgument(host))
    .description("show the rollout of the group, halt it, resume it, or forget a host")
    .option("--group <group>", "the group, instead of the configured group", readGroup)
    .option("-f, --follow", "status: update the screen until the rollout ends or is halted")
    .option("--rollout <name>", "status --follow: wait for the rollout of this name", readName)
    .option("--all", "status: list every host, also of a large group")
    .option(
      "-n, --limit <number>",
      "history: show at most this number, up to 100 (default: 20)",
      readPast,
    )
    .option(
      "--why <text>",
      "halt: the reason, up to 300 characters, which the other hosts show",
      readWhy,
    )
    .option("-y, --yes", "do not ask before it halts, resumes or forgets")
    .action(acts(cli, fleet));
}

/** The engine shows no more. */
const MOST_PAST = 100;

function readPast(text: string): number {
  const limit = readLimit(text);
  if (limit <= MOST_PAST) return limit;
  throw new InvalidArgumentError(`Use a whole number from 1 to ${MOST_PAST}.`);
}

/** The engine keeps no more. */
const MOST_OF_WHY = 300;

function readWhy(text: string): string {
  const why = printableLine(text, MOST_OF_WHY).trim();
  if (why !== "") return why;
  throw new InvalidArgumentError("It is empty. Give the reason, or leave the option out.");
}

function readName(text: string): string {
  if (isRolloutName(text)) return text;
  throw new InvalidArgumentError("It is no name of a rollout. Is a shell variable unset?");
}

async function fleet(
  context: Context,
  action: FleetAction,
  host: string | undefined,
  options: FleetOptions,
): Promise<number> {
  requireFitting(action, host, options);
  const wanted = wantedBy(action, host, options);
  requireRoot(context, "the rollout of a fleet");
  const services = await openServices(context, options);
  const place = await placeOf(context, services.config, options.group);
  if (wanted.act !== "status" && wanted.act !== "history") await requireFiles(services.config);
  const report = reportingOf(services, place.group);
  const ownDeploy = async () => await services.store.readNewest().catch(() => null);
  return await runFleet({ ...place, report, ownDeploy }, wanted, options);
}

/** @throws Refusal without a file that each request needs: the outcome of an order is known then */
async function requireFiles({ lock }: Pick<Config, "lock">): Promise<void> {
  if (lock?.backend !== "etcd") return;
  const { unreadFileOf } = await import("../../fleet/etcd-gateway.ts");
  const problem = unreadFileOf(lock);
  if (problem !== null) throw new Refusal(`this host ${problem.message}. Etcd was not asked`);
}

const ONLY_FOR = {
  follow: "status",
  rollout: "status",
  all: "status",
  limit: "history",
  why: "halt",
} as const;

/** @throws Refusal (usage) for an argument or an option of another action */
function requireFitting(
  action: FleetAction,
  host: string | undefined,
  options: FleetOptions,
): void {
  for (const name of ["follow", "rollout", "all", "limit", "why"] as const) {
    const only = ONLY_FOR[name];
    if (options[name] === undefined || action === only) continue;
    throw new Refusal(`--${name} is an option of \`fleet ${only}\` only`, EXIT.usage);
  }
  if (options.rollout !== undefined && options.follow === undefined) {
    throw new Refusal("--rollout needs --follow", EXIT.usage);
  }
  if (host === undefined || action === "forget") return;
  throw new Refusal(`\`fleet ${action}\` takes no host`, EXIT.usage);
}

const SHOWN_PAST = 20;

function wantedBy(
  action: FleetAction,
  host: string | undefined,
  { follow, rollout, all, limit = SHOWN_PAST, why }: FleetOptions,
): FleetWanted {
  switch (action) {
    case "status": {
      const shown = all === true ? "all" : "notable";
      const until = follow === true ? "end" : "now";
      return { act: action, shown, until, ...(rollout !== undefined && { rollout }) };
    }
    case "history":
      return { act: action, limit };
    case "halt":
      return { act: action, why };
    case "resume":
      return { act: action };
    case "forget":
      if (host !== undefined && host !== "") return { act: action, host };
      throw new Refusal("name the host: deploy-finalize fleet forget HOST", EXIT.usage);
  }
}
