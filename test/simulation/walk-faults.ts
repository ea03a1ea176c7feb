/** Walks one fault over the calls of a plan: it comes before each of them in a run of its own. */
import { isTerminal } from "../../src/core/states.ts";
import { recordsOn } from "./oracle/records.ts";
import { QUIET } from "./pairs.ts";
import type { FaultKind, Plan } from "./plan.ts";
import { ownThisProcess, Runner } from "./runner.ts";
import type { Simulation } from "./simulation.ts";

interface Walk {
  readonly name: string;
  readonly plan: Partial<Plan>;
  readonly fault: FaultKind;
  /** The calls before which the fault comes. */
  readonly calls: { readonly from: number; readonly to: number; readonly step: number };
  /** Whether a run in which the fault was made counts; the others show nothing. */
  readonly counts?: (simulation: Simulation) => boolean;
  /** Whether each deploy has to be accepted and to end as `live`. */
  readonly end?: "live";
}

const REBOOTS = { deploys: [{ at: 100, health: "good", kernel: "kernel-2" }] } as const;

const WALKS: readonly Walk[] = [
  {
    name: "an accepted deploy outlasts a power cut that takes all that was not synced",
    plan: REBOOTS,
    fault: "power cut",
    calls: { from: 90, to: 260, step: 2 },
  },
  {
    name: "a refused deploy does not come back with a power cut",
    plan: {
      ...REBOOTS,
      calls: [{ at: 2000, args: ["deliver"] }],
      faults: [{ call: 1, kind: "systemd refuses a timer" }],
    },
    fault: "power cut",
    calls: { from: 60, to: 260, step: 1 },
    counts: ({ oracle }) => [...oracle.known.values()].some(({ call }) => call === "refused"),
  },
  {
    name: "a systemd that executes itself anew ends no deploy that reboots",
    plan: REBOOTS,
    fault: "systemd executes itself",
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
    fault: "systemd executes itself",
    end: "live",
    calls: { from: 1020, to: 1400, step: 5 },
  },
];

ownThisProcess();
const runner = await Runner.make();

async function walk({ plan, fault, calls, counts = () => true, end }: Walk): Promise<string> {
  let made = 0;
  const wrong: string[] = [];
  for (let call = calls.from; call < calls.to; call += calls.step) {
    let seen: Simulation | undefined;
    const faults = [...(plan.faults ?? []), { call, kind: fault }];
    const whole: Plan = { ...QUIET, ...plan, faults, disk: "loses all" };
    const result = await runner.run(whole, null, (one) => {
      seen = one;
      return ([first]) => {
        if (first === undefined) throw new Error("there is nothing to choose from");
        return first;
      };
    });
    wrong.push(...result.wrong.map((what) => `before call ${call}: ${what}`));
    if (seen === undefined || !seen.faults.made.has(fault) || !counts(seen)) continue;
    made++;
    const records = [...recordsOn(seen.machine.disk).values()];
    for (const { id, state } of records) {
      const isWrong = end === undefined ? !isTerminal(state) : state !== end;
      if (isWrong) wrong.push(`before call ${call}: ${id} is ${state}`);
    }
    if (end !== undefined && records.length !== whole.deploys.length) {
      wrong.push(`before call ${call}: a deploy was refused`);
    }
  }
  return wrong.length === 0 ? `${made} times, nothing is wrong` : wrong.join("\n");
}

for (const one of WALKS) console.log(`${one.name}: ${await walk(one)}`);
