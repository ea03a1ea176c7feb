import type { Fleet, Script } from "../../../bench/fleet/rollouts/fleet.ts";
import {
  badRevision,
  goodRevision,
  haltAndResume,
  laggard,
  newCanary,
  resumedAgainAndAgain,
  twoInARow,
} from "../../../bench/fleet/rollouts/scripts.ts";
import type { Edit } from "../../simulation/kernel/bundle.ts";

/** A planted defect, and what is played until it shows. */
export interface Mutant {
  readonly name: string;
  readonly edit: Edit;
  readonly script: (seed: number) => Script;
  readonly fleet: Partial<Fleet>;
}

const FOLDER = "src/fleet/rollouts/etcd";

export const MUTANTS: readonly Mutant[] = [
  {
    name: "a host is let in although the rollout has halted since it looked",
    edit: {
      file: `${FOLDER}/admitting.ts`,
      from: "[...read.unchanged, ...more]",
      to: "[...read.unchanged.slice(1), ...more]",
    },
    script: (seed) => badRevision(1, "breaks", seed),
    fleet: { spreadMs: 800, waves: [6, 1] },
  },
  {
    name: "a host is let in although another one has come to a lower wave since it looked",
    edit: {
      file: `${FOLDER}/admitting.ts`,
      from: "range: group.keys.lowerRosters(self.wave),",
      to: "range: group.keys.lowerRosters(0),",
    },
    script: () => goodRevision,
    fleet: { members: "new", waves: [4, 4], spreadMs: 1500 },
  },
  {
    name: "a host is let in when the lower waves have joined",
    edit: {
      file: "src/core/fleet/admission.ts",
      from: "if (lower.done === lower.members)",
      to: "if (lower.seen === lower.members)",
    },
    script: () => goodRevision,
    fleet: {},
  },
  {
    name: "two hosts that fail at once count once",
    edit: {
      file: `${FOLDER}/telling.ts`,
      from: "const counts = await group.commit(read.unchanged, [",
      to: "const counts = await group.commit([], [",
    },
    script: (seed) => badRevision(1, "breaks", seed),
    fleet: { maxFailures: 2 },
  },
  {
    name: "the last host of a wave wakes nobody",
    edit: {
      file: `${FOLDER}/telling.ts`,
      from: "if (isComplete(counts))",
      to: "if (!isComplete(counts))",
    },
    script: () => goodRevision,
    fleet: {},
  },
  {
    name: "a watch misses what changes between the look and its begin",
    edit: {
      file: `${FOLDER}/requests.ts`,
      from: "start_revision: startRevision",
      to: 'start_revision: startRevision.replace(/.*/, "0")',
    },
    script: () => goodRevision,
    fleet: { spreadMs: 300, actMs: 20, soakMs: 20 },
  },
  {
    name: "a laggard begins its superseded rollout again",
    edit: {
      file: "src/core/fleet/admission.ts",
      from: "if (isNewerDeploy || (named === null && !isOlderDeploy))",
      to: "if (isNewerDeploy || named !== undefined)",
    },
    script: () => twoInARow,
    fleet: { spreadMs: 300 },
  },
  {
    name: "a laggard begins a rollout that a later deploy has superseded",
    edit: {
      file: "src/core/fleet/admission.ts",
      from: "if (isNewerDeploy || (named === null && !isOlderDeploy))",
      to: "if (isNewerDeploy || named === null)",
    },
    script: () => laggard,
    fleet: {},
  },
  {
    name: "a wave that all hosts have left opens the gates of the next rollout",
    edit: {
      file: `${FOLDER}/starting.ts`,
      from: "...empty.map((key) => remove({ key })),",
      to: "",
    },
    script: () => newCanary,
    fleet: {},
  },
  {
    name: "what an operator resumes is halted at once by the old failures",
    edit: {
      file: `${FOLDER}/operating.ts`,
      from: "forgiven: failures.length,",
      to: "forgiven: failures.length * 0,",
    },
    script: (seed) => resumedAgainAndAgain(0.5, seed),
    fleet: {},
  },
  {
    name: "an operator's halt is only written, and held against nobody",
    edit: {
      file: "src/core/fleet/admission.ts",
      from: "if (halt !== null) return `rollout",
      to: 'if (halt !== null && halt.kind !== "operator") return `rollout',
    },
    script: () => haltAndResume,
    fleet: {},
  },
];
