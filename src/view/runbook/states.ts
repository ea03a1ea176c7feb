import {
  FAILED_UNITS,
  LOG,
  MORNING,
  OLD,
  OLD_BOOTS,
  RETRY,
  STATUS,
  UNCHANGED,
  type Topic,
} from "./topic.ts";

/** Topics that no reason leads to: a state stands for them, or what `status` shows. */
export const STATES: readonly Topic[] = [
  {
    name: "rolled-back",
    reason: null,
    title: "The verification of the target failed",
    host: OLD,
    nextBoot: OLD_BOOTS,
    wait: MORNING,
    commands: [STATUS, LOG, RETRY],
  },
  {
    name: "failed",
    reason: null,
    title: "The deploy failed, and there was no rollback",
    host: "Look: the target may run with units that failed.",
    nextBoot: "The system of the profile.",
    wait: "Only if systemctl --failed shows nothing that you need.",
    commands: [
      STATUS,
      FAILED_UNITS,
      ["deploy-finalize rollback", "back to the previous system"],
      RETRY,
    ],
  },
  {
    name: "waiting",
    reason: null,
    title: "It waits for a gate",
    host: UNCHANGED,
    nextBoot:
      "The new system, which nobody has verified, and without a fallback, unless you give it up.",
    wait: MORNING,
    commands: [
      STATUS,
      ["deploy-finalize now", "act now, past the delay and the window"],
      ["deploy-finalize cancel --restore-boot-default", "give the deploy up"],
    ],
  },
  {
    name: "stuck",
    reason: null,
    title: "It acts or verifies for long",
    host: "Unknown: a switch is in progress, or a check does not end.",
    nextBoot: "status shows the profile. After a reboot the finalization continues.",
    wait: "No.",
    commands: [STATUS, ["systemctl list-jobs", "the job that a switch waits for"], LOG],
  },
  {
    name: "slot-kept",
    reason: null,
    title: "The host keeps a slot of the fleet lock",
    host: "See the reason of the deploy that failed or was rolled back.",
    nextBoot: "See the reason of that deploy.",
    wait: "Yes, but the other hosts of the group have one slot less until then.",
    commands: [
      ["deploy-finalize lock status", "who holds the slots"],
      STATUS,
      ["deploy-finalize lock release", "give the slot back, after the repair"],
    ],
  },
  {
    name: "rollout-halted",
    reason: null,
    title: "The rollout of the group is halted",
    host: "See the hosts that failed. The others run what they ran before, or the new system, verified.",
    nextBoot:
      "On a host that waits, the new system, which nobody has verified, and without a fallback, unless you give it up there.",
    wait: "Yes: no other host acts. Avoid reboots of the hosts that wait.",
    commands: [
      ["deploy-finalize fleet status", "which hosts failed, and why it is halted"],
      ["deploy-finalize fleet resume", "go on, if the failure is not the fault of the deploy"],
      ["deploy-finalize fleet forget HOST", "no longer wait for a host that does not come back"],
      ["deploy-finalize cancel --restore-boot-default", "on a host that waits: give the deploy up"],
      STATUS,
    ],
  },
  {
    name: "rollout-stuck",
    reason: null,
    title: "The rollout of the group does not go on",
    host: UNCHANGED,
    nextBoot:
      "On a host that waits, the new system, which nobody has verified, and without a fallback, unless you give it up there.",
    wait: "Yes. Avoid reboots of the hosts that wait.",
    commands: [
      ["deploy-finalize fleet status", "which hosts have not ended, and what they wait for"],
      ["deploy-finalize fleet forget HOST", "no longer wait for a host that does not come back"],
      ["deploy-finalize cancel --restore-boot-default", "on a host that waits: give the deploy up"],
      STATUS,
    ],
  },
];
