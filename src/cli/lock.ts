import { Argument, InvalidArgumentError } from "commander";
import { GROUP_PATTERN, isSameLock, type LockConfig } from "../core/lock-config.ts";
import { EXIT } from "../core/outcome.ts";
import { Refusal } from "../core/refusal.ts";
import { type GivingBack, giveSlotBack } from "../core/slot-keeping.ts";
import { RecordStore } from "../host/store.ts";
import { type LockJson, toOwnSlotJson } from "../json/lock.ts";
import { SlotDesk } from "../lock/desk.ts";
import { lockScreen } from "../view/lock-screen.ts";
import { makeSure } from "./ask.ts";
import { type Cli, newCommand, withJson } from "./command.ts";
import { type CommonOptions, type Context, hostOf, print, styleOf } from "./context.ts";
import { loadConfig } from "./load-config.ts";
import { requireRoot } from "./require-root.ts";

interface LockOptions extends CommonOptions {
  readonly group?: string;
  readonly holder?: string;
  readonly yes?: true;
  readonly json?: true;
}

const DOINGS = ["status", "release"] as const;
type Doing = (typeof DOINGS)[number];

export function addLock(cli: Cli): void {
  const doing = new Argument("<what>", "status: who holds the slots; release: give one back");
  withJson(newCommand(cli, "lock").addArgument(doing.choices(DOINGS)))
    .description("look at the fleet lock, or give a slot back")
    .option("--group <group>", "the group, in place of the configured one", readGroup)
    .option("--holder <id>", "release the slot of another host, as status names it")
    .option("-y, --yes", "do not ask whether to")
    .action(async (what: Doing, options: LockOptions) => {
      cli.end(await lock(cli.context, what, options));
    });
}

function readGroup(text: string): string {
  if (GROUP_PATTERN.test(text)) return text;
  throw new InvalidArgumentError("Use letters, digits, dots and dashes.");
}

/** @returns the exit code: 1 where the slots' holders could be asked for and were not told */
async function lock(context: Context, what: Doing, options: LockOptions): Promise<number> {
  requireRoot(context, "asking the lock server");
  const config = await loadConfig(options);
  const host = hostOf(context, options);
  const desk = new SlotDesk(host, new RecordStore(config.stateDir), context.stopSignal());
  const meant = lockMeant(config.lock ?? desk.slot()?.lock ?? null, options);
  const released = what === "release" ? await release(context, desk, meant, options) : null;
  const seen = await look(desk, meant, released);
  const { json } = options;
  const lines =
    json === true ? [JSON.stringify(seen)] : lockScreen(styleOf(context), context.now(), seen);
  for (const line of lines) print(context, line);
  return seen.holders === null && meant.backend === "etcd" ? EXIT.failed : EXIT.done;
}

function lockMeant(configured: LockConfig | null, { group }: LockOptions): LockConfig {
  if (configured === null) {
    throw new Refusal(
      "no fleet lock is configured. Set lock in the configuration, and name the file with --config.",
    );
  }
  return group === undefined ? configured : { ...configured, group };
}

/** @returns whose slot was given back */
async function release(
  context: Context,
  desk: SlotDesk,
  meant: LockConfig,
  options: LockOptions,
): Promise<string> {
  const holder = options.holder ?? desk.holder();
  if (options.yes !== true) await makeSure(context, await questionFor(desk, meant, holder));
  const given = await giveBack(desk, meant, holder);
  if (given.kind === "given-back") return holder;
  throw new Refusal(`the slot was not given back, as far as is known: ${given.why}`);
}

async function giveBack(desk: SlotDesk, meant: LockConfig, holder: string): Promise<GivingBack> {
  return await desk.alone(async (ports) => {
    const slot = ports.read();
    const isOwn = slot?.holder === holder && isSameLock(slot.lock, meant);
    return isOwn ? await giveSlotBack(ports) : await desk.server(meant).giveBack(holder);
  });
}

async function questionFor(desk: SlotDesk, { group }: LockConfig, holder: string): Promise<string> {
  const slot = desk.slot();
  const isNeeded = slot?.holder === holder && !(await desk.hasEnded(slot.finalization));
  const why = isNeeded
    ? `${slot.finalization} has not ended and gives it back itself.`
    : "The next host of the group may reboot then.";
  return `Give back the slot of ${holder} in group ${group}? ${why}`;
}

async function look(desk: SlotDesk, meant: LockConfig, released: string | null): Promise<LockJson> {
  const { backend, group } = meant;
  const id = desk.holder();
  const slot = desk.slot();
  const occupancy = await desk.server(meant).look();
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
          const isThisHost = holder.id === id;
          return { slot: number, id: holder.id, host, finalization, takenAt, isThisHost };
        })
      : null,
    unknown: isKnown ? null : occupancy.why,
    released,
  };
}
