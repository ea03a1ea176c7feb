import * as v from "valibot";
import { delaySource, moment } from "../core/record-schema.ts";

const bytes = v.pipe(v.number(), v.integer());
const versions = v.array(v.string());

const system = v.object({
  toplevel: v.pipe(v.nullable(v.string()), v.description("Null where nothing resolves.")),
  generation: v.pipe(v.nullable(v.number()), v.description("The newest one that holds it.")),
  version: v.pipe(v.nullable(v.string()), v.description("What NixOS calls it.")),
  kernel: v.pipe(v.nullable(v.string()), v.description("The kernel's version.")),
});

const side = v.object({
  path: v.pipe(v.nullable(v.string()), v.description("Where it really lies; null: not there.")),
  version: v.pipe(v.nullable(v.string()), v.description("As its store path tells, if it does.")),
});

const component = v.object({
  name: v.string(),
  change: v.picklist(["same", "changed", "missing"]),
  booted: side,
  target: side,
});

const unit = v.object({
  name: v.string(),
  role: v.pipe(
    v.nullable(v.picklist(["ci-runner", "ssh"])),
    v.description("Why its stop matters to a deploy; null for all others."),
  ),
});

const unknown = v.object({ kind: v.literal("unknown"), why: v.string() });

const units = v.variant("kind", [
  v.object({
    kind: v.literal("known"),
    systemd: v.pipe(
      v.picklist(["stays", "restarts"]),
      v.description("Whether PID 1 would execute itself anew; no unit stops by that."),
    ),
    stop: v.array(unit),
    restart: v.pipe(v.array(unit), v.description("Also those stopped before and started after.")),
    reload: v.array(unit),
    start: v.array(unit),
    keep: v.pipe(v.array(unit), v.description("Changed, but left as they are.")),
    runners: v.pipe(
      versions,
      v.description("CI runners that would stop, themselves or with what they depend on."),
    ),
  }),
  v.pipe(
    v.object({ kind: v.literal("all"), runners: versions }),
    v.description("A reboot stops and starts everything."),
  ),
  unknown,
]);

const packages = v.variant("kind", [
  v.object({
    kind: v.literal("known"),
    changes: v.array(
      v.object({
        name: v.string(),
        before: v.pipe(versions, v.description("Versions that only the current system has.")),
        after: v.pipe(versions, v.description("Versions that only the target has.")),
        bytes: v.pipe(v.nullable(bytes), v.description("How much larger; null: hardly.")),
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
  why: v.pipe(
    v.nullable(v.string()),
    v.description("Of an open one only where there is more to say."),
  ),
  opensAt: v.pipe(
    v.nullable(moment),
    v.description("When it opens by itself, where that is known."),
  ),
});

const warning = v.object({
  kind: v.pipe(v.string(), v.description("The same for the same trouble: for scripts.")),
  text: v.string(),
  at: v.pipe(v.nullable(moment), v.description("When it happened, where it is of the past.")),
});

/** What `explain --json` prints. */
export const explainSchema = v.object({
  schemaVersion: v.literal(1),
  host: v.string(),
  profile: v.string(),
  verdict: v.pipe(v.string(), v.description("What would be done and why, in words.")),
  decision: v.object({
    action: v.picklist(["switch", "reboot", "refuse"]),
    reason: v.string(),
    changed: v.pipe(versions, v.description("What differs and needs a reboot.")),
    missing: v.pipe(versions, v.description("What the target lacks; then it is refused.")),
  }),
  systems: v.object({ booted: system, current: system, target: system }),
  components: v.array(component),
  units,
  packages: v.pipe(packages, v.description("From the current system to the target.")),
  closure: v.pipe(closure, v.description("What the systems take up in the store.")),
  delay: v.pipe(
    v.nullable(v.object({ seconds: v.number(), source: delaySource })),
    v.description("Null where it would be refused."),
  ),
  gates: v.pipe(v.array(gate), v.description("As they are now; they are looked at again.")),
  verification: v.object({
    settleSeconds: v.number(),
    ignoreFailedUnits: v.array(v.string()),
    checks: v.array(v.string()),
    confirmWithinSeconds: v.nullable(v.number()),
    rollback: v.picklist(["enabled", "disabled"]),
  }),
  fallback: v.pipe(
    v.nullable(
      v.object({
        wanted: v.picklist(["auto", "require", "off"]),
        loader: v.pipe(v.nullable(v.string()), v.description("Null where none is known.")),
        obstacle: v.pipe(
          v.nullable(v.string()),
          v.description(
            "Why a target that does not come up stays; null where the host falls back.",
          ),
        ),
        advice: v.pipe(
          v.array(v.string()),
          v.description("What the target lacks for its troubles to end in a reset."),
        ),
      }),
    ),
    v.description("What becomes of a target that does not come up; null without a reboot."),
  ),
  nextBoot: v.pipe(
    v.array(v.object({ what: v.string(), detail: v.string() })),
    v.description("What differs but a switch does not bring live."),
  ),
  warnings: v.array(warning),
  unseen: v.pipe(v.array(v.string()), v.description("What could not be looked at, and why.")),
});

export type ExplainJson = v.InferOutput<typeof explainSchema>;
