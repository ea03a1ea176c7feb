import type { Body, Program } from "./program.ts";

/** The hooks of a simulated host: none, or some, one of which may fail. */
export type HookPlan = "none" | "good" | "a before fails" | "an after fails at first";

/** The stages of a program of a hook, for the oracle. */
export interface HookEvent {
  readonly id: string;
  readonly hook: string;
  readonly stage: "before" | "after";
  readonly at: "begin" | "end";
}

const RUN_MS = 700;

export function hooksOf(plan: HookPlan): readonly object[] {
  if (plan === "none") return [];
  return [
    { ...hookOf("balancer"), onFailure: plan === "a before fails" ? "abort" : "hold" },
    { ...hookOf("node"), actions: ["reboot"] },
  ];
}

function hookOf(name: string): object {
  const programs = { before: ["/bin/hook", "before", name], after: ["/bin/hook", "after", name] };
  return { name, ...programs, timeout: 20 };
}

/** `/bin/hook STAGE NAME`, which reads the finalization. */
export function* hook(
  { argv, text }: Program,
  plan: HookPlan,
  isFirst: boolean,
  tell: (event: HookEvent) => void,
): Body {
  const [, word = "", name = ""] = argv;
  const stage = word === "before" ? "before" : "after";
  const [, id = ""] = /"id":"([^"]+)"/.exec(text) ?? [];
  tell({ id, hook: name, stage, at: "begin" });
  yield { ms: RUN_MS };
  const isBad =
    name === "balancer" &&
    ((stage === "before" && plan === "a before fails") ||
      (stage === "after" && plan === "an after fails at first" && isFirst));
  if (isBad) return { exitCode: 1, stderr: "it said no" };
  tell({ id, hook: name, stage, at: "end" });
  return { exitCode: 0 };
}
