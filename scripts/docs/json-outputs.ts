import type { GenericSchema } from "valibot";
import {
  bootCompleteSchema,
  cancelSchema,
  checkConfigSchema,
  confirmSchema,
  deliverSchema,
  nowSchema,
  resumeSchema,
  retrySchema,
  runSchema,
  rollbackSchema,
  scheduleSchema,
  undoSchema,
} from "../../src/json/commands.ts";
import { explainSchema } from "../../src/json/explain.ts";
import { finalizationSchema } from "../../src/json/finalization.ts";
import { fleetActSchema, fleetHistorySchema, fleetSchema } from "../../src/json/fleet.ts";
import { historySchema, logSchema } from "../../src/json/history.ts";
import { lockStatusSchema } from "../../src/json/lock.ts";
import { reportBugSchema } from "../../src/json/report-bug.ts";
import { setUpSchema } from "../../src/json/set-up.ts";
import { statusSchema, waitSchema } from "../../src/json/status.ts";
import { waitingSchema } from "../../src/json/waiting.ts";

/** The output of one command with `--json`. */
export interface JsonOutput {
  readonly schema: GenericSchema;
  readonly about: string;
  /** An example for people to try. */
  readonly example: string;
}

/** Every `--json` output by its command: docs/json.md and docs/schema are made from this. */
export const JSON_OUTPUTS: Readonly<Record<string, JsonOutput>> = {
  schedule: {
    schema: scheduleSchema,
    about:
      "One object: the scheduled finalization. With `--dry-run`: the finalization that a call without it would schedule.",
    example: "deploy-finalize schedule --dry-run --json | jq -r .plan.reason",
  },
  explain: {
    schema: explainSchema,
    about: "One object: the decision that `schedule` would make now, and its effects.",
    example: "deploy-finalize explain --json | jq -r .decision.reason",
  },
  status: {
    schema: statusSchema,
    about: "One object; with `--follow` one line for each change.",
    example: "deploy-finalize status --json | jq -r .summary",
  },
  wait: {
    schema: waitSchema,
    about:
      "One object per line: the current state, then each change. The last one has an `exitCode`.",
    example: `deploy-finalize wait --json | jq -r '"\\(.state): \\(.detail)"'`,
  },
  history: {
    schema: historySchema,
    about: "One object with everything that `history` lists.",
    example: `deploy-finalize history --json | jq '[.finalizations[] | select(.state == "rolled-back")] | length'`,
  },
  log: {
    schema: logSchema,
    about: "One object per line, for each entry of the journal.",
    example: "deploy-finalize log --json | jq -r 'select(.state != null) | .message'",
  },
  cancel: {
    schema: cancelSchema,
    about: "One object: the finalization as it is now, and the system of the next boot.",
    example: "deploy-finalize cancel --restore-boot-default --json | jq -r .nextBoot",
  },
  now: {
    schema: nowSchema,
    about: "One object: the finalization as it is now, and what it still waits for.",
    example: "deploy-finalize now --json | jq -r .waiting.why",
  },
  confirm: {
    schema: confirmSchema,
    about: "One object: the finalization as it is now.",
    example: "deploy-finalize confirm --json | jq -r .finalization.state",
  },
  rollback: {
    schema: rollbackSchema,
    about:
      "One object: the finalization that is rolled back, and the finalization that rolls it back.",
    example: "deploy-finalize rollback --yes --json | jq -r .finalization.id",
  },
  retry: {
    schema: retrySchema,
    about: "One object: the finalization whose target comes back, and the new one.",
    example: "deploy-finalize retry --yes --json | jq -r .finalization.id",
  },
  undo: {
    schema: undoSchema,
    about: "One object: the system of the profile before, and the system of the next boot.",
    example: "deploy-finalize undo --json | jq -r .to",
  },
  lock: {
    schema: lockStatusSchema,
    about: "One object: the slots as they are now, and the slot that was given back.",
    example: "deploy-finalize lock status --json | jq -r '.holders[]?.host'",
  },
  "fleet status": {
    schema: fleetSchema,
    about: "One object: the rollout and its hosts; with `--follow` one line for each change.",
    example: "deploy-finalize fleet status --json | jq -r '.waves[]?.hosts[] | .host, .state'",
  },
  "fleet history": {
    schema: fleetHistorySchema,
    about: "One object: the rollouts before the present one.",
    example: "deploy-finalize fleet history --json | jq -r '.past[] | .name, .live'",
  },
  "fleet halt": {
    schema: fleetActSchema,
    about:
      "One object: the rollout as it is now. `fleet resume` and `fleet forget` print the same.",
    example: "deploy-finalize fleet halt --yes --json | jq -r .rollout.halt.by",
  },
  run: {
    schema: runSchema,
    about: "One object, when `run` ends: the finalization as it is then.",
    example: "deploy-finalize run --json ID | jq -r .finalization.state",
  },
  resume: {
    schema: resumeSchema,
    about: "One object: what was found unfinished after the boot.",
    example: "deploy-finalize resume --json | jq -r '.problems[]'",
  },
  "boot-complete": {
    schema: bootCompleteSchema,
    about: "One object, when the boot counts as good: why.",
    example: "deploy-finalize boot-complete --json | jq -r .why",
  },
  deliver: {
    schema: deliverSchema,
    about: "One object, when `deliver` ends: how many reports waited, and how many still wait.",
    example: "deploy-finalize deliver --json | jq -r .left",
  },
  "deliver --test": {
    schema: setUpSchema,
    about: "One object: what works of the set-up.",
    example:
      "deploy-finalize deliver --test --json | jq -r '.parts[] | select(.works | not) | .name'",
  },
  "report-bug": {
    schema: reportBugSchema,
    about: "One object: the parts of the report.",
    example: `deploy-finalize report-bug --json | jq -r '.parts[] | select(.title == "Record") | .text'`,
  },
  "check-config": {
    schema: checkConfigSchema,
    about: "One object: everything that is wrong with the file.",
    example: "deploy-finalize check-config --json FILE | jq -r '.problems[].message'",
  },
};

/** Objects that are part of more than one output. */
export const SHARED_SCHEMAS: Readonly<Record<string, GenericSchema>> = {
  finalization: finalizationSchema,
  waiting: waitingSchema,
};
