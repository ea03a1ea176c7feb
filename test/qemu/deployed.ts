import { parseRecord } from "../../src/core/record/parse-record.ts";
import type { FinalizationRecord } from "../../src/core/record/record.ts";
import { isTerminal, STATES } from "../../src/core/states.ts";
import { type Label, labelOf, TOPLEVELS } from "./toplevels.ts";
import type { Machine } from "./machine.ts";

/** What a test does with a machine as its deployer, and what it looks at. */

const PROFILE = "/nix/var/nix/profiles/system";
const RECORD = "/var/lib/deploy-finalize/current";
const HAS_ENDED = `grep -Eq '^  "state": "(${STATES.filter(isTerminal).join("|")})"' ${RECORD}`;

/** Makes a system the newest generation and the boot default, as the machine's deployer does. */
export async function install(machine: Machine, label: Label): Promise<void> {
  const toplevel = TOPLEVELS[label];
  await machine.ok(`nix-env --profile ${PROFILE} --set ${toplevel}`);
  await machine.ok(`${toplevel}/bin/switch-to-configuration boot`);
  if (machine.loader.deployer === "nixos-rebuild") return;
  await machine.ok("sed -i '/^default /d' /boot/loader/loader.conf; sync");
}

/** Schedules the finalization, which begins at once. */
export async function begin(machine: Machine): Promise<void> {
  await machine.ok("deploy-finalize");
}

/** The newest finalization once it has ended; the machine must not reboot before that. */
export async function ended(machine: Machine): Promise<FinalizationRecord> {
  const text = await machine.ok(
    `until ${HAS_ENDED} 2>/dev/null; do sleep 0.1; done; cat ${RECORD}`,
  );
  const read = parseRecord(text);
  if (read.kind !== "record") throw new Error(`no record: ${text}`);
  return read.record;
}

/** Reboots it at once, whatever it is doing. */
export async function restart(machine: Machine): Promise<void> {
  await machine.ok("(sleep 0.3; sync; reboot -f) &");
}

/** What its loader has noted to boot next, or overrides its files with; nothing when all is done. */
export async function pending(machine: Machine): Promise<string[]> {
  const text = await machine.ok(
    machine.loader.program.kind === "systemd-boot"
      ? "ls /sys/firmware/efi/efivars | grep -E 'LoaderEntry(OneShot|Default|Preferred|SysFail)-' || true"
      : "grep next_entry=. /boot/grub/grubenv || true",
  );
  return text.split("\n").filter((line) => line !== "");
}

/** Waits until the menu entry of a system has no counter: its boot counts as good. */
export async function countsAsGood(machine: Machine, label: Label): Promise<void> {
  const named = `grep -l ${TOPLEVELS[label]}/init * | grep -qv +`;
  await machine.ok(`cd /boot/loader/entries; until ${named}; do sleep 1; done`);
}

/** The system that the profile is at. */
export async function profile(machine: Machine): Promise<Label> {
  return labelOf((await machine.ok(`basename $(readlink -f ${PROFILE})`)).trim());
}
