import type { GenericSchema } from "valibot";
import { explainSchema } from "./explain.ts";
import { finalizationSchema } from "./finalization.ts";
import { historySchema } from "./history.ts";
import { lockSchema } from "./lock.ts";
import { logSchema } from "./log.ts";
import { cancelSchema, confirmSchema, rollbackSchema } from "./requests.ts";
import { scheduleSchema } from "./schedule.ts";
import { statusSchema, waitingSchema } from "./status.ts";
import { waitSchema } from "./wait.ts";

/** The output of one command with `--json`. */
export interface JsonOutput {
  readonly schema: GenericSchema;
  readonly about: string;
  /** A use of it that people can try. */
  readonly example: string;
}

/** Every `--json` output by its command: docs/json.md and docs/schema are made from this. */
export const JSON_OUTPUTS: Readonly<Record<string, JsonOutput>> = {
  schedule: {
    schema: scheduleSchema,
    about: "One object: what was scheduled, or with `--dry-run` what would be.",
    example: "deploy-finalize schedule --dry-run --json | jq -r .plan.reason",
  },
  explain: {
    schema: explainSchema,
    about: "One object: what `schedule` would decide now, and what that would do.",
    example: "deploy-finalize explain --json | jq -r .decision.reason",
  },
  status: {
    schema: statusSchema,
    about: "One object; with `--follow` one a line, for each change.",
    example: "deploy-finalize status --json | jq -r .summary",
  },
  wait: {
    schema: waitSchema,
    about: "One object a line: how things stand, then each change. The last one has an `exitCode`.",
    example: `deploy-finalize wait --json | jq -r '"\\(.state): \\(.detail)"'`,
  },
  history: {
    schema: historySchema,
    about: "One object with everything that `history` lists.",
    example: `deploy-finalize history --json | jq '[.finalizations[] | select(.state == "rolled-back")] | length'`,
  },
  log: {
    schema: logSchema,
    about: "One object a line, for each entry of the journal.",
    example: "deploy-finalize log --json | jq -r 'select(.state != null) | .message'",
  },
  cancel: {
    schema: cancelSchema,
    about: "One object: the finalization as it is now, and what the next boot brings up.",
    example: "deploy-finalize cancel --yes --json | jq -r .nextBoot",
  },
  confirm: {
    schema: confirmSchema,
    about: "One object: the finalization as it is now.",
    example: "deploy-finalize confirm --json | jq -r .finalization.state",
  },
  rollback: {
    schema: rollbackSchema,
    about: "One object: what goes back, and which finalization does it.",
    example: "deploy-finalize rollback --yes --json | jq -r .finalization.id",
  },
  lock: {
    schema: lockSchema,
    about: "One object: the slots as they are now, and which one was given back.",
    example: "deploy-finalize lock status --json | jq -r '.holders[]?.host'",
  },
};

/** Objects that are part of more than one output. */
export const SHARED_SCHEMAS: Readonly<Record<string, GenericSchema>> = {
  finalization: finalizationSchema,
  waiting: waitingSchema,
};
