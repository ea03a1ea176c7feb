import { parseSlot, type Slot } from "../../../src/core/record/slot.ts";
import type { FinalizationRecord } from "../../../src/core/record/record.ts";
import { isTerminal } from "../../../src/core/states.ts";
import { HOLDER } from "../host/lock-server.ts";
import type { Machine } from "../host/machine.ts";
import { STATE } from "../host/systems.ts";
import type { Plan } from "../plan.ts";
import { remembered } from "../kernel/remembered.ts";
import type { Disk } from "../kernel/disk.ts";
import type { Sight } from "./sight.ts";

const PATH = `${STATE}/slot.json`;

const slotIn = remembered((text: string): Slot | null => parseSlot(text));

function slotOn(disk: Disk): Slot | null {
  return disk.has(PATH) ? slotIn(disk.file(PATH).text) : null;
}

/** The server that keeps the slots; null if the host needs none. */
function slotsOf(
  { lockServer, etcd }: Machine,
  { fleet }: Plan,
): { readonly holder: string | null } | null {
  return fleet === null ? null : (etcd ?? lockServer);
}

/** A host reboots only while it holds the slot of its fleet. */
export function judgeReboot({ watched: { machine, plan }, blame }: Sight, id: string): void {
  const server = slotsOf(machine, plan);
  if (server === null || server.holder === HOLDER) return;
  blame(`${id} reboots without the slot, which ${server.holder ?? "nobody"} holds`);
}

/** It is not given back before whoever took it to reboot has ended. */
export function judgeGiveBack({ watched: { machine }, known, blame }: Sight, holder: string): void {
  const slot = slotOn(machine.disk);
  if (holder !== HOLDER || slot === null) return;
  const owner = known.get(slot.finalization);
  if (owner === undefined || isTerminal(owner.state)) return;
  if (owner.reboots.forward.size === 0 || owner.state === "waiting") return;
  blame(`the slot is given back while ${slot.finalization} is ${owner.state}`);
}

/** At rest no slot is left, unless this host keeps it because it failed or rolled back. */
export function judgeSlot(
  { watched: { machine, plan, faults }, blame }: Sight,
  records: ReadonlyMap<string, FinalizationRecord>,
): void {
  const { disk } = machine;
  const server = slotsOf(machine, plan);
  if (server === null) return;
  const slot = slotOn(disk);
  if (server.holder === HOLDER && slot?.keptBecause == null) {
    blame(`at rest, the slot is held: ${slot === null ? "this host does not know" : slot.state}`);
  }
  const isOver = slot !== null && records.get(slot.finalization)?.outcome != null;
  // A process that was killed is followed by another one in the next boot only.
  const isJustCut = [...faults.made].every((kind) => kind === "power cut" || kind === "interrupt");
  const isGivenBack = slot?.state === "giving-back" && server.holder !== HOLDER;
  if (isGivenBack && isOver && isJustCut) {
    blame("at rest, this host gives a slot back that it has given back");
  }
  if (slot?.state === "held" && server.holder !== HOLDER) {
    blame("at rest, this host takes the slot for its own, and does not hold it");
  }
  if (slot?.keptBecause == null) return;
  const ends = [...records.values()].filter(({ slotAtEnd }) => slotAtEnd === "keep");
  const hasReason = ends.some(
    ({ state }) =>
      state === "failed" || (state === "rolled-back" && plan.fleet?.onRollback === "keep"),
  );
  if (!hasReason) blame("at rest, the slot is kept, and nothing has failed or gone back");
}
