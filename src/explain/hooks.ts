import { type HookConfig, inOrder } from "../core/config/hooks/hooks-config.ts";
import type { Decision } from "../core/decision/decision.ts";
import type { ExplainJson } from "../json/explain.ts";

/** The hooks that would run, in the order of their `before`. */
export function explainHooks(
  hooks: readonly HookConfig[],
  { action }: Decision,
): ExplainJson["hooks"] {
  return inOrder(hooks)
    .filter(({ actions }) => actions.some((one) => one === action))
    .map(({ name, before, after, timeout, onFailure }) => ({
      name,
      before: before === null ? null : [...before],
      after: after === null ? null : [...after],
      timeoutSeconds: timeout,
      onFailure,
    }));
}
