/** Walks a fault, or a few in a row, over the calls of a plan: before each of them in a run of its own. */
import { isTerminal } from "../../src/core/states.ts";
import { recordsOn } from "./oracle/records.ts";
import type { Edit } from "./kernel/bundle.ts";
import { QUIET } from "./pairs.ts";
import type { FaultKind, Plan } from "./plan.ts";
import { ownThisProcess, Runner } from "./runner.ts";
import type { Simulation } from "./simulation.ts";

interface Walk {
  readonly name: string;
  readonly plan: Partial<Plan>;
  /** `after`: so many calls after the one that is walked. */
  readonly faults: readonly { readonly kind: FaultKind; readonly after: number }[];
  /** The calls before which the fault comes. */
  readonly calls: { readonly from: number; readonly to: number; readonly step: number };
  /** Whether a run in which the fault was made counts; the others show nothing. */
  readonly counts?: (simulation: Simulation) => boolean;
  /** Whether each deploy has to be accepted and to end as `live`. */
  readonly end?: "live";
  /** A planted defect that the walk has to find. */
  readonly planted?: Edit;
}

const REBOOTS = { deploys: [{ at: 100, health: "good", kernel: "kernel-2" }] } as const;

const WALKS: readonly Walk[] = [
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
];

ownThisProcess();
const program = await Runner.make();

async function walk(runner: Runner, walked: Walk): Promise<string> {
  const { plan, faults: kinds, calls, counts = () => true, end } = walked;
  let times = 0;
  const wrong: string[] = [];
  for (let call = calls.from; call < calls.to; call += calls.step) {
    let seen: Simulation | undefined;
    const ofWalk = kinds.map(({ kind, after }) => ({ call: call + after, kind }));
    const faults = [...(plan.faults ?? []), ...ofWalk];
    const whole: Plan = { ...QUIET, ...plan, faults, disk: "loses all" };
    const result = await runner.run(whole, null, (one) => {
      seen = one;
      return ([first]) => {
        if (first === undefined) throw new Error("there is nothing to choose from");
        return first;
      };
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
  const found = await walk(await Runner.make([one.planted]), one);
  if (found.endsWith("nothing is wrong"))
    console.log(`${one.name}: the planted defect is not found`);
}
