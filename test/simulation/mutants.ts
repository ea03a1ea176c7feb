import { MODULE } from "./host/systemd/resume-unit.ts";
import type { Edit } from "./kernel/bundle.ts";

/** A planted defect, which the simulation has to find within a number of runs from seed 1 on. */
export interface Mutant {
  readonly name: string;
  readonly edits: readonly Edit[];
  readonly within: number;
  /** A seed that found it last: it is tried first. */
  readonly seed: number;
}

function mutant(name: string, seed: number, ...edits: readonly Edit[]): Mutant {
  return { name, edits, within: 2000, seed };
}

function edit(file: string, from: string, to: string): Edit {
  return { file: `src/${file}`, from, to };
}

/** A unit for which Node's exit code of an uncaught exception is an end. */
const ENDS_AFTER_1 = edit(
  "host/systemd/commands.ts",
  "`--property=RestartPreventExitStatus=${EXIT.rolledBack}",
  "`--property=RestartPreventExitStatus=1 ${EXIT.rolledBack}",
);

const NO_TIMER_AFTER_BOOT: Edit = {
  file: MODULE,
  from: `        OnBootSec = if lib.isInt bootTimeout then lib.min 120 bootTimeout else 120;`,
  to: "",
};

export const MUTANTS: readonly Mutant[] = [
  mutant(
    "overlapping schedules undo each other",
    13,
    edit(
      "finalize/newest/commit.ts",
      `await alone(host, store, async () => await commitAlone(host, store, drafted))`,
      `await commitAlone(host, store, drafted);\n    void alone`,
    ),
  ),
  mutant(
    "a stop during a rollback or a reboot counts as an end",
    17,
    edit(
      "cli/shared/exit-code-after.ts",
      `return { exitCode: EXIT.unfinished, left:`,
      `return { exitCode: EXIT.done, left:`,
    ),
  ),
  mutant(
    "pins are not synced",
    111,
    edit("state-dir/pins.ts", `    syncFolder(paths.pins);\n`, ``),
  ),
  mutant(
    "a new folder is not synced",
    6,
    edit(
      "host/files/durable.ts",
      `  syncFolder(dirname(path));\n}\n\n/** Creates an empty`,
      `}\n\n/** Creates an empty`,
    ),
  ),
  mutant(
    "a record is not synced before its rename",
    41,
    edit("host/files/durable.ts", `      if (sync === "synced") fsyncSync(file);\n`, ``),
  ),
  mutant(
    "the folder of a record is not synced",
    4076,
    edit(
      "host/files/durable.ts",
      `  replaceFile(path, text);\n  syncFolder(dirname(path));`,
      `  replaceFile(path, text);`,
    ),
  ),
  mutant(
    "a state is saved after its effect",
    77,
    edit(
      "core/machine/loop.ts",
      `    if (step.record !== record) await ports.save(step.record);
    record = step.record;
    const event = await ports.perform(step.effect, record);`,
      `    const before = record;
    record = step.record;
    const event = await ports.perform(step.effect, record);
    if (record !== before) await ports.save(record);`,
    ),
  ),
  mutant(
    "pins stay after the end",
    1,
    edit("finalize/finish.ts", `  unpin(host.paths, record.id);\n`, `  void unpin;\n`),
  ),
  // Defects of the hooks.
  mutant(
    "hooks that have begun are forgotten at the end",
    31,
    edit(
      "core/machine/transitions.ts",
      `return { record: concluded, effect: hooksBefore(concluded, "finish") };`,
      `return { record: concluded, effect: { kind: "finish" } };`,
    ),
  ),
  mutant(
    "a hook ends without the turn",
    35,
    edit(
      "finalize/hooks/after.ts",
      `const isMine = await turn.wait().finally(wait.end);`,
      `const isMine = true;\n  wait.end();\n  void turn;`,
    ),
  ),
  // Defects of the turn.
  mutant(
    "nobody waits for the turn",
    2,
    edit("state-dir/turn.ts", `    return this.#lock !== null;`, `    return true;`),
  ),
  mutant(
    "runners stay stopped",
    4,
    edit(
      "finalize/runners/stop.ts",
      `  const problem = await systemd.start(host, present);`,
      `  const problem = await systemd.stopTimers(host, present);`,
    ),
  ),
  mutant(
    "a reboot is asked for again after a boot",
    163,
    edit(
      "core/machine/act.ts",
      `  if (seen.facts.bootId !== record.rebootAskedInBoot) return afterBoot(record, seen);`,
      `  if (seen.facts.booted === record.target) return afterBoot(record, seen);`,
    ),
  ),
  mutant(
    "a rollback forgets the boot default",
    163,
    edit(
      "finalize/restore.ts",
      `  const bootProblem = await makeBootDefault(host, { profile, toplevel, other: target });`,
      `  void makeBootDefault;\n  const bootProblem = null;`,
    ),
  ),
  mutant(
    "a unit is not started again",
    17,
    edit("host/systemd/commands.ts", `  "--property=Restart=on-failure",\n`, ``),
  ),
  mutant(
    "a boot starts nothing",
    2,
    edit(
      "finalize/resume.ts",
      `  await systemd.launch(host, wanted,`,
      `  if (id === "") await systemd.launch(host, wanted,`,
    ),
  ),
  mutant(
    "reports are delivered in any order",
    31,
    edit("report/outbox.ts", `      .toSorted(inOrder);`, `      .toSorted(inOrder).toReversed();`),
  ),
  // Defects of the fleet lock.
  mutant(
    "the slot stays after the end",
    46,
    edit(
      "finalize/finish.ts",
      `  if (!(await slots.settle(record))) return SUSPENDED;\n`,
      `  void slots;\n`,
    ),
  ),
  mutant(
    "the slot is given back when the reboot begins",
    46,
    edit(
      "finalize/interpreter.ts",
      `    const runners = await this.#actRunners.of(record, "reboot");`,
      `    slots.letGo();
    await slots.hasLetGo();
    const runners = await this.#actRunners.of(record, "reboot");`,
    ),
  ),
  mutant(
    "a server that does not answer gives a slot",
    77,
    edit("gates/fleet-lock.ts", `      return taking;\n`, `      return OPEN;\n`),
  ),
  mutant(
    "the note of the slot is gone before it is given back",
    1591,
    edit(
      "fleet/slot-keeping.ts",
      `  const given = await ports.server(slot.lock)`,
      `  ports.remove();
  const given = await ports.server(slot.lock)`,
    ),
  ),
  mutant(
    "a host that rolled back keeps its slot, although it is to give it back",
    207,
    edit("core/machine/policy.ts", `lock?.onRollback ?? "keep"`, `lock === null ? "keep" : "keep"`),
  ),
  // Defects of the rollouts.
  mutant(
    "the group is not asked again right before the act",
    14,
    edit(
      "gates/rollout.ts",
      `      const answer = await askInTurn(seat);`,
      `      if (isAdmitted) return { kind: "open" };
      const answer = await askInTurn(seat);
      isAdmitted = answer.kind === "admitted";`,
    ),
    edit(
      "gates/rollout.ts",
      `  let isAnotherActing = false;`,
      `  let isAnotherActing = false;\n  let isAdmitted = false;`,
    ),
  ),
  mutant(
    "an end counts as told before etcd has answered",
    33,
    edit(
      "finalize/rollout/send-end.ts",
      `  const told = await rollout.tell(known, request, how);`,
      `  rollout.noteTold(joined);
  const told = await rollout.tell(known, request, how);`,
    ),
  ),
  // Defects of specialisations.
  mutant(
    "no specialisation is activated after a boot",
    6,
    edit(
      "core/machine/specialisation.ts",
      `if (specialisation === null || current !== target`,
      `if (specialisation === null || current === target`,
    ),
  ),
  mutant(
    "a specialisation becomes the boot default",
    12763,
    edit(
      "core/machine/act.ts",
      `const mode = record.specialisation === null ? "switch" : "test";`,
      `const mode = "switch";`,
    ),
  ),
  mutant(
    "the named specialisation is not looked for",
    6,
    edit(
      "host/nixos/specialisation.ts",
      `wanted === "keep" ? specialisationName(profile, current) : wanted;`,
      `specialisationName(profile, wanted === "keep" ? current : null);`,
    ),
  ),
  // Defects of draining.
  mutant(
    "a runner that finishes its job counts as drained",
    44,
    edit(
      "finalize/runners/drain.ts",
      `host.spawn(stopUnits(units), { signal })`,
      `host.spawn(["systemctl", "stop", "--no-block", "--", ...units], { signal })`,
    ),
  ),
  // Faults that the program had before its units, locks and clocks were as they are.
  mutant(
    "a lock is taken only to find out who drives",
    243,
    edit(
      "state-dir/owner.ts",
      `    if (isProbablyLocked(host.paths.kernelLocks, store.recordLockPath(id)))
      return { kind: "process" };`,
      `    const { tryLock } = await import("../host/process/lock.ts");
    const lock = await tryLock(host, store.recordLockPath(id));
    if (lock === null) return { kind: "process" };
    await lock.release();`,
    ),
    edit(
      "finalize/finalize.ts",
      `await waitForLock(host, store.recordLockPath(id), AbortSignal.any([stop, patience]));`,
      `await (await import("../host/process/lock.ts")).tryLock(host, store.recordLockPath(id));
  void waitForLock;`,
    ),
    edit(
      "cli/commands/run.ts",
      `    if (end.kind === "ended" || end.kind === "gone") return end;`,
      `    if (end.kind === "driven") return FAILED;
    if (end.kind === "ended" || end.kind === "gone") return end;`,
    ),
  ),
  mutant("exit code 1 means an end to the unit", 120, ENDS_AFTER_1),
  mutant(
    "a schedule that fails has already superseded",
    83,
    edit(
      "finalize/newest/commit.ts",
      `    await arm(host, store, draft.arming);`,
      `    store.publish(record.id);
    await (await import("./ending.ts")).supersedeOlder(host, store, record.id);
    await arm(host, store, draft.arming);`,
    ),
    edit(
      "finalize/newest/commit.ts",
      `    if (isTakenUp(store, record)) return draft;`,
      `    void isTakenUp;`,
    ),
  ),
  mutant(
    "resume is not started again",
    2,
    {
      file: MODULE,
      from: `Restart = "on-failure";`,
      to: "",
    },
    NO_TIMER_AFTER_BOOT,
  ),
  mutant("a boot that hangs starts nothing", 2, NO_TIMER_AFTER_BOOT),
  mutant(
    "a clock step ends a wait",
    431,
    edit(
      "host/process/clock.ts",
      `const elapsedMs = this.#host.elapsedMs();`,
      `const elapsedMs = this.#host.now().getTime();`,
    ),
  ),
];
