import * as v from "valibot";
import { argv, type Frozen, someSeconds } from "../schema-parts.ts";

/** Part of notes, of the journal and of an environment. */
const hookName = v.pipe(
  v.string(),
  v.regex(
    /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,63}$/,
    "must be letters, digits, dots, dashes and _, 64 at most",
  ),
);

/** The limit of one run in seconds: a drain of a node takes minutes. */
const TIMEOUT = 600;

const hookSchema = v.strictObject({
  name: hookName,
  /** Runs with the turn taken, right before the act; null for none. */
  before: v.optional(v.nullable(argv), null),
  /** Runs at the end, whatever the outcome, once `before` has been started; null for none. */
  after: v.optional(v.nullable(argv), null),
  /** The actions that it belongs to. */
  actions: v.optional(v.array(v.picklist(["switch", "reboot"])), ["switch", "reboot"]),
  /** The timeout of one run in seconds. */
  timeout: v.optional(someSeconds, TIMEOUT),
  /**
   * What a `before` that fails means. `hold`: it is tried again for `waitFor.timeout`, and then
   * `waitFor.onTimeout` decides. `abort`: the finalization fails without acting. `ignore`: it acts.
   */
  onFailure: v.optional(v.picklist(["hold", "abort", "ignore"]), "hold"),
});

export const hooksSchema = v.array(hookSchema);

/** A program that runs before the act, and one that runs at the end. */
export type HookConfig = Frozen<v.InferOutput<typeof hookSchema>>;

/** In the order in which their `before` run, whatever the file says: by name. */
export function inOrder(hooks: readonly HookConfig[]): readonly HookConfig[] {
  return hooks.toSorted((one, other) => (one.name < other.name ? -1 : 1));
}
