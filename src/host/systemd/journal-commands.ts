import { unitName } from "../../core/record/id.ts";
import { type Argv, listUnits } from "./commands.ts";

/** Options of the journal search. */
export interface JournalWish {
  /** `follow` continues with new entries. */
  readonly until: "now" | "follow";
  readonly output: "text" | "json";
}

/**
 * A finalization's journal, over all boots: the output of its units, systemd's messages about them, and
 * entries with its id. The last two count only from PID 1 and from root.
 */
export function showJournal(id: string, { until, output }: JournalWish): Argv {
  return [
    "journalctl",
    ...(until === "follow" ? ["--follow", "--no-tail"] : []),
    ...(output === "json" ? ["--output=json"] : []),
    ...journalOf(id),
  ];
}

function journalOf(id: string): string[] {
  const [timer, service] = [`${unitName(id)}.timer`, `${unitName(id)}.service`];
  const matches = [
    [`_SYSTEMD_UNIT=${service}`],
    ["_PID=1", `UNIT=${service}`, `UNIT=${timer}`],
    ["_UID=0", `DEPLOY_FINALIZE_ID=${id}`],
  ];
  return matches.flatMap((match, index) => (index === 0 ? match : ["+", ...match]));
}

/** For somebody on another host: with the zone of the times, and not without end. */
const FOR_A_REPORT = ["--no-pager", "--output=short-iso-precise", "--lines=2000"];

/** The last lines of a finalization's journal. */
export function showRecentJournal(id: string): Argv {
  return ["journalctl", ...FOR_A_REPORT, ...journalOf(id)];
}

const OTHER_UNITS = [
  "deploy-finalize-resume.service",
  "deploy-finalize-stuck-boot.service",
  "deploy-finalize-boot-complete.service",
  "deploy-finalize-release-slot.service",
  "deploy-finalize-deliver-*",
];

/** The journal of this program's units that belong to no single finalization, since the boot. */
export function showOtherJournal(): Argv {
  const units = OTHER_UNITS.map((unit) => `--unit=${unit}`);
  return ["journalctl", ...FOR_A_REPORT, "--boot", ...units];
}

/** The units of this program, one a line. */
export function listOwnUnits(): Argv {
  return [...listUnits([]), "deploy-finalize*"];
}

/** What the activation said at a boot: with systemd in stage 1, and with the scripts of stage 2. */
export function showBootActivation(bootId: string): Argv {
  return [
    "journalctl",
    "--quiet",
    // journalctl wants the id without its dashes.
    `--boot=${bootId.replaceAll("-", "")}`,
    "--output=json",
    "--output-fields=MESSAGE,_TRANSPORT,_UID",
    "--identifier=initrd-nixos-activation-start",
    "--identifier=stage-2-init",
  ];
}
