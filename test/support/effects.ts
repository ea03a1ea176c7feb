import type { Effect } from "../../src/core/machine/types.ts";
import { TARGET } from "./records.ts";

type Kind = Effect["kind"];

/** One effect of each kind. */
export const EFFECTS: { readonly [K in Kind]: Extract<Effect, { readonly kind: K }> } = {
  "await-gates": { kind: "await-gates" },
  "await-reboot-gates": { kind: "await-reboot-gates" },
  defer: { kind: "defer", until: "2026-11-28T02:00:00.000Z" },
  "take-turn": { kind: "take-turn" },
  drain: { kind: "drain" },
  "start-runners": { kind: "start-runners" },
  "run-before": { kind: "run-before", hook: "node" },
  "run-after": { kind: "run-after", hook: "node" },
  switch: { kind: "switch", toplevel: TARGET, mode: "switch" },
  reboot: { kind: "reboot", toplevel: TARGET },
  verify: { kind: "verify" },
  "await-confirmation": { kind: "await-confirmation", until: "2026-11-22T21:40:00.000Z" },
  "commit-boot-default": { kind: "commit-boot-default", toplevel: TARGET },
  "restore-profile": { kind: "restore-profile", toplevel: TARGET },
  "restore-defaults": { kind: "restore-defaults", toplevel: TARGET },
  "verify-rollback": { kind: "verify-rollback" },
  finish: { kind: "finish" },
};

/** The effect that was in progress, of a kind or none. */
export function effectOf(kind: Kind | null): Effect | null {
  return kind === null ? null : EFFECTS[kind];
}
