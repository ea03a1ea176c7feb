import {
  act,
  actHeldUp,
  rebootOvertaken,
  rebootRefused,
  switched,
  switchHeldUp,
  switchOvertaken,
  switchTimedOut,
  takeUpReboot,
  takeUpSwitch,
} from "./act.ts";
import { gatesDeferred } from "./moment/put-off.ts";
import { fallbackDefaultsRestored } from "./overtaken.ts";
import { afterEndedAtEnd, hookFailed } from "./hooks/hooks.ts";
import {
  afterEndedInReboot,
  beforeEndedInReboot,
  rebootGatesOpened,
} from "./hooks/reboot-hooks.ts";
import type { Handlers, Phase } from "./phases.ts";
import {
  rollbackBootFailed,
  rollbackDefaultsRestored,
  rollbackHeldUp,
  rollbackProfileRestored,
  rollbackRebootRefused,
  rollbackSwitched,
  rollbackTimedOut,
  rollbackVerified,
  takeUpRollback,
} from "./rollback.ts";
import {
  specialisationHeldUp,
  specialisationSwitched,
  specialisationTimedOut,
} from "./specialisation.ts";
import { finish, runnersFoundAtAct } from "./transitions.ts";
import {
  bootDefaultCommitted,
  confirmationEnded,
  takeUpVerification,
  verified,
} from "./verification.ts";
import {
  afterEnded,
  beforeEnded,
  beforeFailed,
  drained,
  gatesInterrupted,
  gatesOpened,
  gatesTimedOut,
  runnersFoundBeforeAct,
  runnersStarted,
  takeUpWaiting,
  turnHeldUp,
} from "./waiting.ts";

/** To defer may lead back to the gates. */
const GATES = {
  "gates-opened": gatesOpened,
  "gates-interrupted": gatesInterrupted,
  "gates-timed-out": gatesTimedOut,
  "gates-deferred": gatesDeferred,
} satisfies Handlers;

const FALLBACK = { "defaults-restored": fallbackDefaultsRestored } satisfies Handlers;

const ENDING = { "after-ended": afterEndedAtEnd } satisfies Handlers;

/** Every event that may come, and what handles it. Any other one is a defect of the interpreter. */
export const TABLE: { readonly [P in Phase]: Handlers } = {
  scheduled: { started: takeUpWaiting },

  waiting: { started: takeUpWaiting },
  "waiting: await-gates": GATES,
  "waiting: defer": GATES,
  "waiting: take-turn": {
    "gates-interrupted": gatesInterrupted,
    "held-up": turnHeldUp,
    "runners-found": runnersFoundBeforeAct,
    "turn-taken": act,
  },
  "waiting: drain": {
    "gates-interrupted": gatesInterrupted,
    "gates-timed-out": gatesTimedOut,
    "held-up": turnHeldUp,
    drained,
  },
  "waiting: start-runners": { "runners-started": runnersStarted },
  "waiting: run-before": {
    "gates-interrupted": gatesInterrupted,
    "before-ended": beforeEnded,
    "before-failed": beforeFailed,
  },
  "waiting: run-after": { "after-ended": afterEnded },

  switching: { started: takeUpSwitch },
  "switching: switch": {
    switched,
    "runners-found": runnersFoundAtAct,
    "held-up": switchHeldUp,
    "gates-timed-out": switchTimedOut,
    overtaken: switchOvertaken,
  },
  "switching: restore-defaults": { ...FALLBACK, overtaken: switchOvertaken },

  rebooting: { started: takeUpReboot },
  "rebooting: reboot": {
    "reboot-refused": rebootRefused,
    "runners-found": runnersFoundAtAct,
    "held-up": actHeldUp,
    overtaken: rebootOvertaken,
  },
  "rebooting: await-reboot-gates": {
    "gates-opened": rebootGatesOpened,
    "reboot-refused": rebootRefused,
    "held-up": actHeldUp,
    overtaken: rebootOvertaken,
  },
  "rebooting: run-before": {
    "before-ended": beforeEndedInReboot,
    "before-failed": hookFailed,
  },
  "rebooting: run-after": { "after-ended": afterEndedInReboot },
  "rebooting: restore-defaults": { ...FALLBACK, overtaken: rebootOvertaken },

  verifying: { started: takeUpVerification },
  "verifying: switch": {
    switched: specialisationSwitched,
    // The boot before it has not got through.
    verified,
    "held-up": specialisationHeldUp,
    "gates-timed-out": specialisationTimedOut,
    "runners-found": runnersFoundAtAct,
    overtaken: takeUpVerification,
  },
  "verifying: verify": { verified },
  "verifying: await-confirmation": { "confirmation-ended": confirmationEnded },
  "verifying: commit-boot-default": {
    "boot-default-committed": bootDefaultCommitted,
    overtaken: takeUpVerification,
  },
  "verifying: restore-defaults": { ...FALLBACK, overtaken: takeUpVerification },

  "rolling-back": { started: takeUpRollback },
  "rolling-back: restore-profile": {
    "profile-restored": rollbackProfileRestored,
    overtaken: takeUpRollback,
  },
  "rolling-back: switch": {
    switched: rollbackSwitched,
    // The boot before it has not got through.
    verified: rollbackBootFailed,
    "runners-found": runnersFoundAtAct,
    "held-up": rollbackHeldUp,
    "gates-timed-out": rollbackTimedOut,
    overtaken: takeUpRollback,
  },
  "rolling-back: reboot": {
    "reboot-refused": rollbackRebootRefused,
    "runners-found": runnersFoundAtAct,
    "held-up": rollbackHeldUp,
    "gates-timed-out": rollbackTimedOut,
    overtaken: takeUpRollback,
  },
  "rolling-back: verify-rollback": { verified: rollbackVerified },
  "rolling-back: restore-defaults": {
    "defaults-restored": rollbackDefaultsRestored,
    overtaken: takeUpRollback,
  },

  live: { started: finish },
  "live: run-after": ENDING,
  "rolled-back": { started: finish },
  "rolled-back: run-after": ENDING,
  failed: { started: finish },
  "failed: run-after": ENDING,
  superseded: { started: finish },
  "superseded: run-after": ENDING,
  cancelled: { started: finish },
  "cancelled: run-after": ENDING,
};
