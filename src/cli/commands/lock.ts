import { Argument, InvalidArgumentError, Option } from "commander";
import { GROUP_PATTERN, isSameLock, type LockConfig } from "../../core/config/lock-config.ts";
import { EXIT } from "../../core/outcome.ts";
import { Refusal } from "../../core/refusal.ts";
import { giveSlotBack, type GivingBack } from "../../fleet/slot-keeping.ts";
import { type LockJson, toOwnSlotJson } from "../../json/lock.ts";
import { isOwn } from "../../fleet/ownership.ts";
import { SlotAccess } from "../../fleet/slot-access.ts";
import { lockScreen } from "../../view/lock-screen.ts";
import { makeSure } from "../shared/terminal.ts";
import { acts, type Cli, newCommand, withJson } from "../command.ts";
import {
  type CommonOptions,
  complain,
  complainInstead,
  type Context,
  printOutcome,
  printResult,
  styleOf,
} from "../context.ts";
import { requireRoot } from "../shared/guards.ts";
import { openServices } from "../compose.ts";

interface LockOptions extends CommonOptions {
  readonly group?: string;
  readonly holder?: string;
  readonly yes?: true;
  readonly unowned?: true;
}

const ACTIONS = ["status", "release"] as const;
type LockAction = (typeof ACTIONS)[number];

export function addLock(cli: Cli): void {
  const action = new Argument(
    "<what>",
    "what to do: status shows who holds the slots, release gives a slot back",
  );
  const unowned = new Option(
    "--unowned",
    "give the slot back only if no finalization of this host may own it",
  );
  withJson(newCommand(cli, "lock").addArgument(action.choices(ACTIONS)))
    .description("show the slots of the fleet lock, or give a slot back")
    .option("--group <group>", "the group, instead of the configured group", readGroup)
    .option("--holder <id>", "give back the slot of another host: its HOLDER in lock status")
    .addOption(unowned.conflicts("holder"))
    .option("-y, --yes", "do not ask before the slot is given back")
    .action(acts(cli, lock));
}

function readGroup(text: string): string {
  if (GROUP_PATTERN.test(text)) return text;
  throw new InvalidArgumentError("Use letters, digits, dots and dashes.");
}

/** @returns the exit code: 1 if the lock server can list the holders but did not */
async function lock(context: Context, what: LockAction, options: LockOptions): Promise<number> {
  requireRoot(context, "the fleet lock");
  const { host, store, config } = await openServices(context, options);
  const slots = new SlotAccess(host, store, {
    name: context.hostName,
    proxy: config.proxy,
    stop: context.stopSignal(),
  });
  const meant = lockMeant(config.lock ?? slots.slot()?.lock ?? null, options);
  const released = what === "release" ? await release(context, slots, meant, options) : null;
  const seen = await look(slots, meant, released);
  const isUnknown = seen.holders === null && meant.backend === "etcd";
  const toLines = () => lockScreen(styleOf(context), context.now(), seen);
  switch (what) {
    case "status":
      printResult(context, options, () => seen, toLines);
      break;
    case "release":
      printOutcome(context, options, () => seen, toLines);
      if (isUnknown) complainInstead(context, options, `the holders are unknown: ${seen.unknown}`);
      break;
  }
  return isUnknown ? EXIT.failed : EXIT.done;
}

function lockMeant(configured: LockConfig | null, { group }: LockOptions): LockConfig {
  if (configured === null) {
    throw new Refusal(
      "no fleet lock is configured. Set `lock` in the configuration file and name that file with --config.",
    );
  }
  return group === undefined ? configured : { ...configured, group };
}

/** @returns the holder whose slot was given back; null if --unowned leaves the slot alone */
async function release(
  context: Context,
  slots: SlotAccess,
  meant: LockConfig,
  options: LockOptions,
): Promise<string | null> {
  const holder = options.holder ?? slots.holder(meant);
  if (options.yes !== true) await makeSure(context, await questionFor(slots, meant, holder));
  const given =
    options.unowned === true
      ? await giveBackUnowned(slots, meant, holder)
      : await giveBack(slots, meant, options.holder ?? null);
  if (given.kind === "given-back") return holder;
  if (given.kind === "owned") {
    complain(context, `the slot is not given back: ${given.by} may own it`);
    return null;
  }
  throw new Refusal(`the slot may still be taken: ${given.why}`);
}

/** @param named the holder that the operator named: its slot is given back in any case */
async function giveBack(
  slots: SlotAccess,
  meant: LockConfig,
  named: string | null,
): Promise<GivingBack> {
  return await slots.alone(async (ports) => {
    const slot = ports.read();
    const holder = named ?? slots.holder(meant);
    const isNoted = slot?.holder === holder && isSameLock(slot.lock, meant);
    if (isNoted) return await giveSlotBack(ports);
    const server = slots.server(meant);
    return named === null
      ? await server.giveBack(holder, ports.self())
      : await server.giveBack(holder);
  });
}

async function giveBackUnowned(
  slots: SlotAccess,
  meant: LockConfig,
  holder: string,
): Promise<GivingBack | { readonly kind: "owned"; readonly by: string }> {
  return await slots.alone(async (ports) => {
    const slot = ports.read();
    const by = await slots.ownerOf(slot);
    if (by !== null) return { kind: "owned", by };
    if (slot !== null) return await giveSlotBack(ports);
    return await slots.server(meant).giveBack(holder, ports.self());
  });
}

async function questionFor(
  slots: SlotAccess,
  { group }: LockConfig,
  holder: string,
): Promise<string> {
  const slot = slots.slot();
  const isNeeded =
    slot?.holder === holder && (await slots.standing(slot.finalization)).kind === "unfinished";
  const why = isNeeded
    ? `${slot.finalization} has not ended and will give it back itself.`
    : "Then the next host of the group may act.";
  return `Give back the slot of ${holder} in group ${group}? ${why}`;
}

async function look(
  slots: SlotAccess,
  meant: LockConfig,
  released: string | null,
): Promise<LockJson> {
  const { backend, group } = meant;
  const id = slots.holder(meant);
  const slot = slots.slot();
  const occupancy = await slots.server(meant).look();
  const isKnown = occupancy.kind === "known";
  return {
    schemaVersion: 1,
    backend,
    group,
    server: backend === "etcd" ? [...meant.endpoints] : [meant.url],
    id,
    own: slot === null ? null : toOwnSlotJson(slot),
    slots: isKnown ? occupancy.slots : null,
    holders: isKnown
      ? occupancy.holders.map(({ slot: number, host, finalization, takenAt, ...holder }) => {
          const isThisHost = holder.id === id && isOwn({ host, finalization }, slots.self());
          return { slot: number, id: holder.id, host, finalization, takenAt, isThisHost };
        })
      : null,
    unknown: isKnown ? null : occupancy.why,
    released,
  };
}
