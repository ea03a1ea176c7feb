import type { HookConfig } from "../config/hooks/hooks-config.ts";
import type { FinalizationRecord } from "./record.ts";

export type RecordedHook = FinalizationRecord["hooks"][number];

type Hooked = Pick<FinalizationRecord, "hooks">;

/** The hook whose `after` is to run next: the one that began last. Null if none is to run. */
export function owedHook({ hooks }: Hooked): string | null {
  return hooks.findLast(({ stage }) => stage !== "over")?.name ?? null;
}

/** A hook may begin as often as a gate closes again. */
const MOST_PROBLEMS = 5;

/** Notes that a hook begins: before its `before` is started, so that its `after` runs whatever follows. */
export function withHook(
  record: FinalizationRecord,
  { name, before, after, timeout }: HookConfig,
): FinalizationRecord {
  const others = record.hooks.filter((hook) => hook.name !== name);
  const earlier = record.hooks.find((hook) => hook.name === name);
  const begun: RecordedHook = {
    name,
    stage: before === null ? "in-force" : "before",
    after: after === null ? null : [...after],
    timeout,
    problems: earlier?.problems ?? [],
  };
  return { ...record, hooks: [...others, begun] };
}

/** A hook of the record at another stage, with what went wrong on the way. */
export function withStage(
  record: FinalizationRecord,
  name: string,
  stage: RecordedHook["stage"],
  problem: string | null,
): FinalizationRecord {
  const hooks = record.hooks.map((hook) => {
    if (hook.name !== name) return hook;
    const problems = problem === null ? hook.problems : [...hook.problems, problem];
    return { ...hook, stage, problems: problems.slice(-MOST_PROBLEMS) };
  });
  return { ...record, hooks };
}

export function isInForce({ hooks }: Hooked, name: string): boolean {
  return hooks.some((hook) => hook.name === name && hook.stage === "in-force");
}
