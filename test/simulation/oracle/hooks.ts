import type { HookEvent } from "../host/hook.ts";
import { recordsOn } from "./records.ts";
import type { Sight } from "./sight.ts";

/**
 * What each finalization has begun and not ended: a `before` counts from its begin, an `after` from its
 * end. So whatever is left at rest was never undone.
 */
export class HookWatch {
  readonly #begun = new Map<string, string[]>();
  readonly #inForce = new Map<string, Set<string>>();

  hear({ blame, watched }: Sight, { id, hook, stage, at }: HookEvent): void {
    const begun = this.#begun.get(id) ?? [];
    this.#begun.set(id, begun);
    const inForce = this.#inForce.get(id) ?? new Set();
    this.#inForce.set(id, inForce);
    if (stage === "before" && at === "begin" && !begun.includes(hook)) begun.push(hook);
    if (stage === "before" && at === "end") inForce.add(hook);
    if (stage === "after" && at === "begin") {
      inForce.delete(hook);
      // One that was killed right before it started the `before` has named it.
      const named = recordsOn(watched.machine.disk).get(id)?.hooks ?? [];
      const isNamed = named.some(({ name, stage: place }) => name === hook && place !== "over");
      if (!isNamed) blame(`${id} ends hook ${hook}, which has not begun`);
      const last = begun.at(-1);
      if (begun.includes(hook) && last !== hook) blame(`${id} ends hook ${hook} before ${last}`);
    }
    if (stage === "after" && at === "end") begun.splice(0, begun.length, ...others(begun, hook));
  }

  /** The host acts, for the target of the finalization. */
  judgeAct({ blame, watched: { plan } }: Sight, id: string, act: "switch" | "reboot"): void {
    if (plan.hooks === "none") return;
    const wanted = act === "switch" ? ["balancer"] : ["balancer", "node"];
    const missing = wanted.filter((hook) => this.#inForce.get(id)?.has(hook) !== true);
    if (missing.length > 0) blame(`${id} acts before its hooks: ${missing.join(", ")}`);
  }

  judgeRest({ blame }: Sight): void {
    for (const [id, begun] of this.#begun) {
      if (begun.length > 0) blame(`at rest, ${id} has not ended its hooks: ${begun.join(", ")}`);
    }
  }
}

function others(all: readonly string[], one: string): readonly string[] {
  return all.filter((name) => name !== one);
}
