import * as v from "valibot";
import { moment } from "../core/record/clock-schema.ts";
import { delaySource } from "../core/record/record-schema.ts";
import { described, orNull } from "./described.ts";
import { fallbackSchema } from "./fallback.ts";

const bytes = v.pipe(v.number(), v.integer());
const versions = v.array(v.string());

const system = v.object({
  toplevel: orNull(v.string(), "Null if nothing resolves."),
  generation: orNull(v.number(), "The newest generation of this system."),
  version: orNull(v.string(), "The NixOS version."),
  kernel: orNull(v.string(), "The kernel's version."),
});

const side = v.object({
  path: orNull(v.string(), "The resolved path; null if it is missing."),
  version: orNull(v.string(), "The version in its store path, if any."),
});

const component = v.object({
  name: v.string(),
  change: v.picklist(["same", "changed", "missing"]),
  booted: side,
  target: side,
});

const unit = v.object({
  name: v.string(),
  role: orNull(
    v.picklist(["ci-runner", "ssh"]),
    "Why stopping it matters to a deploy; null for all others.",
  ),
});

const unknown = v.object({ kind: v.literal("unknown"), why: v.string() });

const units = v.variant("kind", [
  v.object({
    kind: v.literal("known"),
    systemd: described(
      v.picklist(["stays", "restarts"]),
      "Whether PID 1 would re-execute itself; this stops no unit.",
    ),
    stop: v.array(unit),
    restart: described(v.array(unit), "Including units that are stopped before and started after."),
    reload: v.array(unit),
    start: v.array(unit),
    keep: described(
      v.array(
        v.object({
          ...unit.entries,
          why: described(v.string(), "Why it is not restarted."),
        }),
      ),
      "Changed, but not restarted: they stay on old code.",
    ),
    runners: described(
      versions,
      "CI runners that would stop, directly or with a unit that they depend on.",
    ),
  }),
  described(
    v.object({ kind: v.literal("all"), runners: versions }),
    "A reboot stops and starts everything.",
  ),
  unknown,
]);

const names = v.array(v.string());

const userUnits = v.object({
  users: described(names, "Whose user managers run."),
  stop: names,
  restart: names,
  reload: names,
  keep: described(names, "Changed, but not restarted: they stay on old code."),
});

const packages = v.variant("kind", [
  v.object({
    kind: v.literal("known"),
    changes: v.array(
      v.object({
        name: v.string(),
        before: described(versions, "Versions that only the current system has."),
        after: described(versions, "Versions that only the target has."),
        bytes: orNull(bytes, "By how many bytes it grows; null if hardly."),
      }),
    ),
  }),
  unknown,
]);

const closure = v.variant("kind", [
  v.object({ kind: v.literal("known"), currentBytes: bytes, targetBytes: bytes }),
  unknown,
]);

const gate = v.object({
  name: v.string(),
  state: v.picklist(["open", "closed", "unknown"]),
  why: orNull(v.string(), "Null for an open gate without details."),
  opensAt: orNull(moment, "When it opens by itself, if known."),
});

const hook = v.object({
  name: v.string(),
  before: orNull(names, "What runs right before the act; null for nothing."),
  after: orNull(names, "What runs at the end, whatever the outcome; null for nothing."),
  timeoutSeconds: v.number(),
  onFailure: v.picklist(["hold", "abort", "ignore"]),
});

const warning = v.object({
  kind: described(v.string(), "A fixed name for each kind of warning, for scripts."),
  text: v.string(),
  at: orNull(moment, "When it happened; null if it is not an event of the past."),
});

/** What `explain --json` prints. */
export const explainSchema = v.object({
  schemaVersion: v.literal(1),
  host: v.string(),
  profile: v.string(),
  verdict: described(v.string(), "The action and its reason, in words."),
  decision: v.object({
    action: v.picklist(["switch", "reboot", "refuse"]),
    reason: v.string(),
    changed: described(versions, "The changed parts that need a reboot."),
    missing: described(
      versions,
      "The parts that the target lacks; if there are any, it is refused.",
    ),
  }),
  systems: v.object({ booted: system, current: system, target: system }),
  components: v.array(component),
  specialisation: v.pipe(
    v.nullable(
      v.object({
        name: v.string(),
        toplevel: v.pipe(v.nullable(v.string()), v.description("Null if the target lacks it.")),
      }),
    ),
    v.description("The specialisation of the target that would be activated; null for none."),
  ),
  units,
  userUnits: orNull(
    userUnits,
    "What a switch would do to units of /etc/systemd/user that run; null if no user manager runs, or if it would not switch.",
  ),
  packages: described(packages, "From the current system to the target."),
  closure: described(closure, "The size of the systems in the store."),
  delay: orNull(
    v.object({ seconds: v.number(), source: delaySource }),
    "Null if the target would be refused.",
  ),
  gates: described(v.array(gate), "Their present state; they are checked again before the act."),
  hooks: described(v.array(hook), "The hooks of the action, in the order of their `before`."),
  verification: v.object({
    bootWithinSeconds: orNull(
      v.number(),
      "The time that a boot has to reach the default target; null for no limit.",
    ),
    settleSeconds: v.number(),
    ignoreFailedUnits: v.array(v.string()),
    checks: v.array(v.string()),
    confirmWithinSeconds: v.nullable(v.number()),
    rollback: v.picklist(["enabled", "disabled"]),
  }),
  fallback: orNull(
    fallbackSchema,
    "What happens if the target does not boot; null without a reboot.",
  ),
  nextBoot: described(
    v.array(v.object({ what: v.string(), detail: v.string() })),
    "The changed parts that a switch does not activate.",
  ),
  warnings: v.array(warning),
  unseen: described(v.array(v.string()), "The parts that could not be read, and why."),
});

export type ExplainJson = v.InferOutput<typeof explainSchema>;
