/** Walks a fault, or a few in a row, over the calls of a plan: before each of them in a run of its own. */
import { isTerminal, type State } from "../../src/core/states.ts";
import { newestOn, recordsOn } from "./oracle/records.ts";
import type { Edit } from "./kernel/bundle.ts";
import { QUIET } from "./pairs.ts";
import type { FaultKind, Plan } from "./plan.ts";
import type { RolloutPlan } from "./rollout-plan.ts";
import { atRandom, ownThisProcess, Runner } from "./runner.ts";
import type { Chooser, Simulation } from "./simulation.ts";

interface Walk {
  readonly name: string;
  readonly plan: Partial<Plan>;
  /** `each`: every run has a seed of its own, and so other picks. */
  readonly seeds?: "one" | "each";
  /** What comes first of what may come: as a rule, what has been there longest. */
  readonly order?: Chooser;
  /** `after`: so many calls after the one that is walked. */
  readonly faults: readonly { readonly kind: FaultKind; readonly after: number }[];
  /** The calls before which the fault comes. */
  readonly calls: { readonly from: number; readonly to: number; readonly step: number };
  /** Whether a run in which the fault was made counts; the others show nothing. */
  readonly counts?: (simulation: Simulation) => boolean;
  /** How each finalization has to end; then each deploy has to be accepted too. */
  readonly end?: State;
  /** A planted defect that the walk has to find. */
  readonly planted?: Edit;
}

const REBOOTS = { deploys: [{ at: 100, health: "good", kernel: "kernel-2" }] } as const;

/** A fleet whose slot nobody else wants. */
const ALONE = {
  neighbourUntil: 0,
  downFrom: 0,
  downUntil: 0,
  lostAnswer: 0,
  onRollback: "keep",
} as const;

/** A group in which the host waits for a canary. */
const IN_GROUP: RolloutPlan = {
  canary: "live",
  wave: 1,
  joinsAfter: 100,
  endsAfter: 500,
  haltsAt: 0,
  resumesAfter: 1000,
  soak: 1,
  maxFailures: 1,
  rollouts: "one",
  downFrom: 0,
  downUntil: 0,
  lostAnswer: 0,
  whenLost: "at once",
};

const TOLD_TOO_EARLY: Edit = {
  file: "src/finalize/rollout/send-end.ts",
  from: "  const told = await rollout.tell(known, request, how);\n",
  to: "  rollout.noteTold(joined);\n  const told = await rollout.tell(known, request, how);\n",
};

const WALKS: readonly Walk[] = [
  {
    name: "a host whose reboot is put off is live in its rollout after the reboot only",
    plan: { ...REBOOTS, reboots: "in its window", whilePutOff: "switch", rollout: IN_GROUP },
    faults: [{ kind: "kill", after: 0 }],
    calls: { from: 330, to: 2000, step: 13 },
    planted: {
      file: "src/finalize/rollout/end-to-tell.ts",
      from: "if (part.isTold || !putsRebootOff(record)) return part;",
      to: "if (part.isTold || putsRebootOff(record)) return part;",
    },
  },
  {
    name: "a host that is killed joins its rollout, acts, soaks and tells its end all the same",
    plan: {
      deploys: [{ at: 100, health: "good", kernel: "kernel-1" }],
      rollout: IN_GROUP,
    },
    faults: [{ kind: "kill", after: 0 }],
    end: "live",
    calls: { from: 330, to: 1130, step: 2 },
    planted: TOLD_TOO_EARLY,
  },
  {
    name: "a power cut keeps no host that reboots from telling its end",
    plan: {
      ...REBOOTS,
      fleet: ALONE,
      // When it has soaked.
      rollout: { ...IN_GROUP, downFrom: 12_000, downUntil: 20_000 },
    },
    faults: [{ kind: "power cut", after: 0 }],
    calls: { from: 330, to: 1440, step: 3 },
    planted: TOLD_TOO_EARLY,
  },
  {
    name: "an accepted deploy outlasts a power cut that takes all that was not synced",
    plan: REBOOTS,
    faults: [{ kind: "power cut", after: 0 }],
    calls: { from: 90, to: 260, step: 2 },
  },
  {
    name: "a refused deploy does not come back with a power cut",
    plan: {
      ...REBOOTS,
      calls: [{ at: 2000, args: ["deliver"] }],
      faults: [{ call: 1, kind: "systemd refuses a timer" }],
    },
    faults: [{ kind: "power cut", after: 0 }],
    calls: { from: 60, to: 260, step: 1 },
    counts: ({ oracle }) => [...oracle.known.values()].some(({ call }) => call === "refused"),
  },
  {
    name: "a systemd that executes itself anew ends no deploy that reboots",
    plan: REBOOTS,
    faults: [{ kind: "systemd executes itself", after: 0 }],
    end: "live",
    calls: { from: 1, to: 1100, step: 7 },
  },
  {
    name: "a systemd that executes itself anew holds no report up until the next boot",
    plan: {
      deploys: [{ at: 100, health: "good", kernel: "kernel-1" }],
      hasReceiver: true,
      // The report of the verification is not delivered then, and its delivery would do the last one too.
      faults: [{ call: 1010, kind: "systemd executes itself" }],
    },
    faults: [{ kind: "systemd executes itself", after: 0 }],
    end: "live",
    calls: { from: 1020, to: 1400, step: 5 },
  },
  {
    name: "a kill at the end of a switch does not lose the reboot that it has put off",
    plan: { ...REBOOTS, reboots: "in its window", whilePutOff: "switch" },
    faults: [{ kind: "kill", after: 0 }],
    calls: { from: 881, to: 1031, step: 6 },
    planted: {
      file: "src/finalize/finish.ts",
      from: "if (putsRebootOff(record)) await host.scheduleReboot?.(record);",
      to: "unpin(host.paths, record.id);\n  if (putsRebootOff(record)) await host.scheduleReboot?.(record);",
    },
  },
  {
    name: "a timer that elapses before the process that armed it has ended starts the next one",
    // A seed whose slow call lasts until the window has opened.
    plan: { ...REBOOTS, reboots: "in its window", seed: 2 },
    // So its time comes by both clocks.
    faults: [
      { kind: "clock forward", after: 0 },
      { kind: "slow call", after: 1 },
    ],
    end: "live",
    calls: { from: 400, to: 445, step: 1 },
    planted: {
      file: "src/finalize/gate-phase.ts",
      from: "(await tellEnding(host, record.id))",
      to: "(tellEnding.length > 9 ? '' : null)",
    },
  },
  {
    name: "a schedule that was killed does not publish later, over a newer one",
    plan: {
      deploys: [{ at: 100, health: "good", kernel: "kernel-1" }],
      calls: [{ at: 400, args: ["schedule"] }],
    },
    // The newer one has been published then, and its timer has not elapsed.
    faults: [
      { kind: "kill", after: 0 },
      { kind: "power cut", after: 138 },
    ],
    calls: { from: 80, to: 130, step: 1 },
    planted: {
      file: "src/finalize/newest/commit.ts",
      from: "    for (const other of store.prepared()) if (other !== id) store.discard(other);\n",
      to: "",
    },
  },
  {
    name: "a rollback waits for a program that blocks the shutdown right before its reboot",
    plan: {
      deploys: [{ at: 100, health: "unit fails", kernel: "kernel-2" }],
      hasLogind: true,
    },
    faults: [{ kind: "block the shutdown", after: 0 }],
    end: "rolled-back",
    calls: { from: 934, to: 1044, step: 1 },
    planted: {
      file: "src/finalize/interpreter.ts",
      from: "return isRollback ? await inhibited.ask(request)",
      to: "return inhibited === null ? await inhibited",
    },
  },
  {
    name: "a finalization whose lock is lost goes on when it has the lock again",
    plan: REBOOTS,
    seeds: "each",
    faults: [{ kind: "lose a lock", after: 0 }],
    end: "live",
    calls: { from: 480, to: 580, step: 1 },
    planted: {
      file: "src/finalize/context.ts",
      from: "AbortSignal.any([given.lost, turn.lost])",
      to: "AbortSignal.any([])",
    },
  },
  {
    name: "a slot that was given back does not come back with a power cut",
    plan: {
      ...REBOOTS,
      fleet: ALONE,
      disk: "loses some",
    },
    seeds: "each",
    faults: [{ kind: "power cut", after: 0 }],
    end: "live",
    calls: { from: 930, to: 1060, step: 2 },
    planted: {
      file: "src/fleet/slot-store.ts",
      from: "    syncFolder(dirname(this.#path));\n",
      to: "",
    },
  },
  {
    name: "a retry that cannot arm its timer leaves profile and boot default as they were",
    plan: {
      deploys: [{ at: 100, health: "unit fails", kernel: "kernel-1" }],
      calls: [{ at: 9000, args: ["retry", "--yes"] }],
    },
    faults: [{ kind: "systemd refuses a timer", after: 0 }],
    calls: { from: 1080, to: 1270, step: 10 },
    planted: {
      file: "src/cli/shared/schedule-by-hand.ts",
      from: "    await redoDeploy(host, change, requireTurn);\n",
      to: "    void redoDeploy;\n",
    },
  },
  {
    name: "an end that cannot be noted for a moment is reported",
    plan: {
      deploys: [
        { at: 100, health: "good", kernel: "kernel-1" },
        { at: 700, health: "good", kernel: "kernel-1" },
      ],
      hasReceiver: true,
    },
    seeds: "each",
    // While the newer one ends the older one.
    faults: [{ kind: "no more files", after: 0 }],
    calls: { from: 500, to: 581, step: 3 },
    planted: {
      file: "src/finalize/newest/ending.ts",
      from: "  await noteEnd(host, ended);\n  const isOwing = await owesItsEnd(store, ended.id);\n",
      to: "  await host.report?.changed(ended);\n  const isOwing = false;\n",
    },
  },
  {
    name: "an undo sets profile and boot default to the running system",
    plan: {
      ...REBOOTS,
      calls: [
        { at: 600, args: ["cancel"] },
        { at: 3000, args: ["undo"] },
      ],
    },
    faults: [{ kind: "interrupt", after: 0 }],
    end: "cancelled",
    calls: { from: 130, to: 400, step: 10 },
    planted: {
      file: "src/finalize/by-hand/undo.ts",
      from: "const problem = await setDefault(host, { profile, toplevel: to, other }, stop, requireTurn);",
      to: "const problem = [setDefault, stop, other].length > 9 ? '' : null;",
    },
  },
  {
    name: "a cancelled finalization does not act",
    // It waits for its slot.
    plan: {
      ...REBOOTS,
      fleet: { ...ALONE, neighbourUntil: 8000 },
      calls: [{ at: 3000, args: ["cancel"] }],
    },
    faults: [{ kind: "interrupt", after: 0 }],
    end: "cancelled",
    calls: { from: 400, to: 700, step: 12 },
    planted: {
      file: "src/core/machine/not-wanted.ts",
      from: "  if (requests.cancel !== null) {",
      to: '  if (requests.cancel === "nobody") {',
    },
  },
  {
    name: "an act comes up again with its target, whatever default another deployer has left",
    // The first deployer sets its boot default when the second one has set profile and boot default.
    plan: {
      deploys: [
        { at: 100, health: "good", kernel: "kernel-1" },
        { at: 100, health: "good", kernel: "kernel-1" },
      ],
      seed: 23,
      specialisation: "keep",
    },
    order: atRandom,
    faults: [{ kind: "power cut", after: 0 }],
    calls: { from: 700, to: 1300, step: 10 },
    planted: {
      file: "src/finalize/patience/default-before-act.ts",
      from: "if (bootDefault === target) return null;",
      to: 'if (profile !== "") return null;',
    },
  },
  {
    name: "a cancel that is killed leaves nothing undriven that only its unit can end",
    plan: {
      ...REBOOTS,
      calls: [{ at: 3000, args: ["cancel"] }],
      // Before its timer is armed.
      faults: [{ call: 110, kind: "kill" }],
    },
    faults: [{ kind: "kill", after: 0 }],
    calls: { from: 110, to: 240, step: 2 },
    // Until the unit takes it up it was never scheduled.
    counts: ({ machine }) => newestOn(machine.disk) !== null,
    planted: {
      file: "src/cli/shared/requests.ts",
      from: 'if (driver.kind !== "nobody") return driver;',
      to: 'if (driver.kind !== "nobody" || kind === "cancel") return driver;',
    },
  },
  {
    name: "a finalization that was confirmed stays live",
    plan: {
      deploys: [{ at: 100, health: "good", kernel: "kernel-1" }],
      confirmWithin: 20,
      calls: [{ at: 3500, args: ["confirm"] }],
    },
    faults: [{ kind: "interrupt", after: 0 }],
    end: "live",
    calls: { from: 600, to: 900, step: 15 },
    planted: {
      file: "src/state-dir/store.ts",
      from: 'confirm: read("confirm")',
      to: "confirm: null",
    },
  },
];

const inTurn: Chooser = ([first]) => {
  if (first === undefined) throw new Error("there is nothing to choose from");
  return first;
};

ownThisProcess();
const program = await Runner.make();

/** @param most after so many things that are wrong it ends */
async function walk(runner: Runner, walked: Walk, most = Infinity): Promise<string> {
  const { plan, faults: kinds, calls, counts = () => true, end, seeds, order = inTurn } = walked;
  let times = 0;
  const wrong: string[] = [];
  for (let call = calls.from; call < calls.to && wrong.length < most; call += calls.step) {
    let seen: Simulation | undefined;
    const ofWalk = kinds.map(({ kind, after }) => ({ call: call + after, kind }));
    const faults = [...(plan.faults ?? []), ...ofWalk];
    const seed = seeds === "each" ? { seed: call } : {};
    const whole: Plan = { ...QUIET, disk: "loses all", ...plan, ...seed, faults };
    const result = await runner.run(whole, null, (one) => {
      seen = one;
      return order;
    });
    wrong.push(...result.wrong.map((what) => `before call ${call}: ${what}`));
    const made = seen?.faults.made ?? new Set();
    if (seen === undefined || !kinds.every(({ kind }) => made.has(kind)) || !counts(seen)) continue;
    times++;
    const records = [...recordsOn(seen.machine.disk).values()];
    for (const { id, state } of records) {
      const isWrong = end === undefined ? !isTerminal(state) : state !== end;
      if (isWrong) wrong.push(`before call ${call}: ${id} is ${state}`);
    }
    if (end !== undefined && records.length !== whole.deploys.length) {
      wrong.push(`before call ${call}: a deploy was refused`);
    }
  }
  return wrong.length === 0 ? `${times} times, nothing is wrong` : wrong.join("\n");
}

for (const one of WALKS) {
  console.log(`${one.name}: ${await walk(program, one)}`);
  if (one.planted === undefined) continue;
  const found = await walk(await Runner.make([one.planted]), one, 1);
  if (found.endsWith("nothing is wrong"))
    console.log(`${one.name}: the planted defect is not found`);
}
