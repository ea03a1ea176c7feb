import { type FinalizationRecord, putsRebootOff } from "../../../src/core/record/record.ts";
import { hasActed } from "../../../src/core/record/can-roll-back.ts";
import { isTerminal } from "../../../src/core/states.ts";
import { jsonIn } from "../../../src/core/answer.ts";
import type { Part } from "../../../src/core/record/fleet/part.ts";
import { STATE } from "../host/systems.ts";
import type { Process } from "../kernel/process.ts";
import type { Disk } from "../kernel/disk.ts";
import { newestOn, recordsOn } from "./records.ts";
import type { Sight } from "./sight.ts";

function partOn(disk: Disk, id: string): Part | null {
  const path = `${STATE}/${id}.rollout`;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the program wrote it
  return disk.has(path) ? (jsonIn(disk.file(path).text) as Part | null) : null;
}

/** A host begins to act: etcd has let it in, and was asked with the turn that it acts with. */
export function judgeAdmission(
  { watched: { machine, faults }, blame }: Sight,
  record: FinalizationRecord,
  process: Process | null,
): void {
  const { etcd, disk } = machine;
  const { id, rollbackOf, rollout, target } = record;
  if (etcd === null || process === null || rollbackOf !== null || rollout === null) return;
  // Its reboot is over, whoever asked for it: that was the act.
  if (disk.realPath("/run/booted-system") === target) return;
  const look = etcd.looks.get(process);
  if (look === undefined) return blame(`${id} acts without a word to its group`);
  if (look.admitted !== id) blame(`${id} acts, and its group has let in ${look.admitted}`);
  // A turn that was lost may have been taken by another program since, or by none.
  if (faults.made.has("lose a lock")) return;
  if (look.turn === null || look.turn !== etcd.turnNow()) {
    blame(`${id} acts, and has not asked its group since it has the turn`);
  }
}

/** The group changes: a host whose reboot is put off is not live before it. */
export function judgeProgress({ watched: { machine }, blame }: Sight): void {
  const { etcd, disk } = machine;
  const member = etcd?.member() ?? null;
  if (member?.state !== "live") return;
  const records = recordsOn(disk);
  const record = records.get(member.finalization);
  if (record === undefined || !putsRebootOff(record)) return;
  // A newer deploy takes the place of the reboot.
  const newest = newestOn(disk);
  if (newest === null || (newest !== record.id && records.get(newest)?.rebootOf !== record.id))
    return;
  if (disk.realPath("/run/booted-system") === record.target) return;
  blame(`${record.id} is told to be live, and its reboot is put off`);
}

/** At rest the group knows how each host has ended. */
export function judgeTold(sight: Sight, records: ReadonlyMap<string, FinalizationRecord>): void {
  const { machine } = sight.watched;
  if (machine.etcd === null) return;
  for (const [id, record] of records) {
    const isOwed = sight.known.get(id)?.call === "accepted" && isTerminal(record.state);
    if (isOwed) judgeOne(sight, record);
  }
  judgeMember(sight, [...records.keys()]);
}

function judgeOne({ watched, blame }: Sight, record: FinalizationRecord): void {
  const { id, rollout, rollbackOf, state } = record;
  const part = partOn(watched.machine.disk, id);
  if (part === null) {
    if (rollout !== null && rollbackOf === null && hasActed(record)) {
      blame(`at rest, ${id} has acted and takes part in no rollout`);
    }
    return;
  }
  const { end, isTold } = part;
  if (end === null) blame(`at rest, ${id} is ${state}, and has no end in its rollout`);
  else if (!isTold) blame(`at rest, the end of ${id} is not told: ${end.kind}`);
}

/** What was told last is what the group knows: a rollback by hand takes over the part of another one. */
function judgeMember({ watched, blame }: Sight, ids: readonly string[]): void {
  const { disk, etcd } = watched.machine;
  const member = etcd?.member() ?? null;
  const parts = ids.toSorted().flatMap((id) => partOn(disk, id) ?? []);
  const last = parts.findLast(
    ({ finalization, isTold, end }) =>
      finalization === member?.finalization && isTold && end?.kind !== "handed-on",
  );
  if (member === null || last === undefined || last.end?.kind === member.state) return;
  blame(
    `at rest, ${last.finalization} has told that it is ${last.end?.kind}, and etcd says ${member.state}`,
  );
}
