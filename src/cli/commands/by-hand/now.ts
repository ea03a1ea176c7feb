import { InvalidArgumentError, Option } from "commander";
import {
  asWord,
  commandGateName,
  forNow,
  type GateName,
  gateNamed,
  isGateName,
  NAMED_FOR_NOW,
} from "../../../core/gate-names.ts";
import type { Config } from "../../../core/config/config.ts";
import type { ToActNow } from "../../../core/machine/types.ts";
import { unitName } from "../../../core/record/id.ts";
import type { FinalizationRecord } from "../../../core/record/record.ts";
import { EXIT } from "../../../core/outcome.ts";
import { messageOf, Refusal } from "../../../core/refusal.ts";
import { isCancellable, isTerminal } from "../../../core/states.ts";
import {
  readNow,
  type FinalizationNow,
  withReplacement,
} from "../../../finalize/finalization-now.ts";
import { resumeOne } from "../../../finalize/resume.ts";
import type { Services } from "../../../finalize/undo-deploy.ts";
import { nextChange } from "../../../host/process/watch.ts";
import { start } from "../../../host/systemd/systemd.ts";
import type { NowJson } from "../../../json/commands.ts";
import { toFinalizationJson } from "../../../json/finalization.ts";
import { type Driver, findDriver } from "../../../state-dir/owner.ts";
import { acts, type Cli, newCommand, withId, withJson } from "../../command.ts";
import { openServices } from "../../compose.ts";
import { type CommonOptions, type Context, printResult } from "../../context.ts";
import { configFor, requireRoot } from "../../shared/guards.ts";
import { runCommand } from "../../shared/own-command.ts";
import { askedBy, findFitting } from "../../shared/requests.ts";

interface NowOptions extends CommonOptions {
  readonly past?: readonly GateName[];
}

export function addNow(cli: Cli): void {
  const past = new Option(
    "--past <gate>",
    "also act past this gate, by its name in explain; may be repeated",
  ).choices(NAMED_FOR_NOW.map(asWord));
  withJson(withId(newCommand(cli, "now")))
    .description("act now, past the delay, the window and logged-in users")
    .addOption(past.argParser(readGate))
    .action(acts(cli, now));
}

function readGate(text: string, before: readonly GateName[] = []): readonly GateName[] {
  const name = gateNamed(text);
  const names = `Those to name: ${NAMED_FOR_NOW.join(", ")}, and each command NAME.`;
  if (name === null) throw new InvalidArgumentError(`It is no gate. ${names}`);
  if (forNow(name) === "kept") {
    throw new InvalidArgumentError(`Nothing can act past the ${name}. ${names}`);
  }
  return [...before, name];
}

/** @throws Refusal (usage) for the gate of a command that is not configured */
function requireCommands({ waitFor }: Config, past: readonly GateName[]): void {
  const known: readonly GateName[] = [
    ...NAMED_FOR_NOW,
    ...waitFor.commands.map(({ name }) => commandGateName(name)),
  ];
  const unknown = past.find((gate) => forNow(gate) === "named" && !known.includes(gate));
  if (unknown === undefined) return;
  throw new Refusal(`${unknown} is no gate. Those to name: ${known.join(", ")}`, EXIT.usage);
}

async function now(
  context: Context,
  wanted: string | undefined,
  options: NowOptions,
): Promise<void> {
  requireRoot(context, "acting now");
  const services = await openServices(context, options);
  const { host, store } = services;
  const fitting = await findFitting(store, wanted, ({ state }) => isCancellable(state));
  const found = await withReplacement(host, store, fitting);
  requireWaiting(found);
  requireCommands(await configFor(found, services.config), options.past ?? []);
  const { id } = found;
  const past = [...(options.past ?? []), ...(store.requests(id).now?.past ?? [])];
  const wish = { by: askedBy(context), past: [...new Set(past)] };
  store.requestNow(id, wish);
  await hurry(context, services, options, id);
  const { record, waiting, driver } = await answered(context, services, id, wish);
  if (!isTakenUp(record, wish)) throw notTakenUp(record, driver);
  printResult(
    context,
    options,
    (): NowJson => ({ schemaVersion: 1, finalization: toFinalizationJson(record), waiting }),
    () => linesOf({ record, waiting }),
  );
}

function requireWaiting({ id, state }: FinalizationRecord): void {
  if (isCancellable(state)) return;
  throw new Refusal(
    isTerminal(state)
      ? `${id} has already ended: it is ${state}. Nothing waits to act`
      : `${id} acts already: it is ${state}`,
  );
}

/**
 * Starts its unit. Also if a process drives it: one that is about to leave it to its timer does not see
 * the wish any more, and systemd carries this start out after its end.
 */
async function hurry(
  context: Context,
  { host, store, config }: Services,
  options: NowOptions,
  id: string,
): Promise<void> {
  const driver = await findDriver(host, store, id);
  switch (driver.kind) {
    case "resume":
    case "shutdown":
      return;
    case "nobody":
      await resumeOne(host, store, runCommand(context, config, options), id).catch(
        (error: unknown) => {
          host.say(`cannot start the unit of ${id}: ${messageOf(error)}`);
        },
      );
      return;
    case "process":
    case "timer":
    case "unit":
    case "unknown": {
      const problem = await start(host, [`${unitName(id)}.service`]);
      // A process that was called by hand has no unit, and sees the wish.
      if (problem !== null && driver.kind !== "process") {
        host.say(`cannot start the unit of ${id}: ${problem}`);
      }
    }
  }
}

/** Far more than a unit needs to start and to see the wish. */
const ANSWER_MS = 15_000;
/** What it still waits for is known soon after that, if it waits. */
const NOTE_MS = 1_500;

interface Answer extends FinalizationNow {
  readonly driver: Driver;
}

/** Waits until the wish is in the record, and then for a moment until it acts or says what it waits for. */
async function answered(
  context: Context,
  { host, store }: Services,
  id: string,
  wish: ToActNow,
): Promise<Answer> {
  const over = AbortSignal.any([context.stopSignal(), AbortSignal.timeout(ANSWER_MS)]);
  let soon: AbortSignal | null = null;
  for (;;) {
    // Before the record: the process that answers may end at any moment.
    const driver = await findDriver(host, store, id);
    const seen = await readNow(host, store, id);
    if (seen.kind !== "record") throw new Refusal(`the record of ${id} cannot be read any more`);
    const { record, waiting } = seen;
    const isDriven = driver.kind === "process" || driver.kind === "unit";
    const answer = { record, waiting, driver };
    if (!isCancellable(record.state) || !isDriven || over.aborted) return answer;
    if (isTakenUp(record, wish)) {
      soon ??= AbortSignal.timeout(NOTE_MS);
      if (waiting !== null || soon.aborted) return answer;
    }
    await nextChange(
      store.folder,
      () => false,
      AbortSignal.any([over, ...(soon ? [soon] : [])]),
      200,
    );
  }
}

function isTakenUp({ hurried }: FinalizationRecord, wish: ToActNow): boolean {
  // Somebody else's wish may have come in its place.
  return hurried !== null && wish.past.every((gate) => hurried.past.includes(gate));
}

function notTakenUp({ id, state, outcome }: FinalizationRecord, driver: Driver): Refusal {
  if (isTerminal(state)) {
    return new Refusal(`too late: ${id} is ${state}: ${outcome?.reason ?? "it has ended"}`);
  }
  if (!isCancellable(state)) return new Refusal(`${id} acts already: it is ${state}`);
  const when =
    driver.kind === "resume" || driver.kind === "shutdown"
      ? "the boot comes first, and it acts after that"
      : "its unit has not answered yet";
  return new Refusal(
    `noted that ${id} is to act now, but ${when}. Look again: deploy-finalize status ${id}`,
    EXIT.unfinished,
  );
}

function linesOf({ record, waiting }: FinalizationNow): string[] {
  const { id, hurried } = record;
  const gates = (hurried?.past ?? []).map((gate) => `, past the ${gate}`).join("");
  const first = `deploy-finalize: ${id} acts now${gates}`;
  if (waiting === null) return [first];
  const { for: gate, why } = waiting;
  const isNamed = isGateName(gate) && forNow(gate) === "named";
  const advice = isNamed
    ? [`deploy-finalize: to act past it too: deploy-finalize now ${id} --past ${asWord(gate)}`]
    : [];
  return [`deploy-finalize: ${id} acts as soon as the ${gate} is open${gates}: ${why}`, ...advice];
}
