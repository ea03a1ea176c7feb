import * as v from "valibot";
import { DEFAULT_CONFIG } from "./defaults.ts";
import { fleetSchema } from "./fleet/fleet-config.ts";
import { hooksSchema } from "./hooks/hooks-config.ts";
import { lockSchema } from "./lock-config.ts";
import { proxySchema } from "./proxy-config.ts";
import { rebootSchema, switchSchema } from "./reboot-config.ts";
import { reportSchema } from "./report-config.ts";
import {
  absolutePath,
  argv,
  componentName,
  fractionOfSeconds,
  type Frozen,
  pattern,
  someSeconds,
  someText,
  systemdUnit,
  unitGlob,
  webAddress,
  wholeSeconds,
} from "./schema-parts.ts";
import { alertGateSchema, commandGateSchema, storageSchema } from "./wait-for/gates.ts";

const common = {
  /** Its name in the record; the default depends on the kind. */
  name: v.exactOptional(someText),
  /** The timeout of one try in seconds. */
  timeout: v.optional(fractionOfSeconds, 10),
  /** Seconds between two tries. */
  interval: v.optional(fractionOfSeconds, 1),
  /** Seconds from the first try; after that, the check has failed. */
  deadline: v.optional(wholeSeconds, 30),
};

const whole = v.pipe(v.number(), v.integer("must be a whole number"));
const status = v.pipe(whole, v.minValue(100), v.maxValue(599, "must be a status below 600"));
const port = v.pipe(whole, v.minValue(1), v.maxValue(65_535, "must be a port up to 65535"));

const hostName = v.pipe(someText, v.regex(/^[^\s/]*$/, "must be the name or address of a host"));

const checkSchema = v.variant("kind", [
  v.strictObject({ ...common, kind: v.literal("unit"), unit: systemdUnit }),
  v.strictObject({ ...common, kind: v.literal("command"), command: argv }),
  v.strictObject({
    ...common,
    kind: v.literal("http"),
    url: webAddress,
    /** The expected status; the default is any of 200 to 299. */
    status: v.exactOptional(status),
    body: v.exactOptional(v.string()),
  }),
  v.strictObject({ ...common, kind: v.literal("tcp"), host: hostName, port }),
]);

const metricName = v.pipe(
  v.string(),
  v.regex(/^[a-zA-Z_:][a-zA-Z0-9_:]*$/, "must be the name of a metric, without labels"),
);

const detectionSchema = v.variant("kind", [
  /** Any process in the unit's control group beyond its main process. */
  v.strictObject({ kind: v.literal("processes") }),
  /** A running container (Docker or Podman) whose name matches the regular expression. */
  v.strictObject({ kind: v.literal("containers"), pattern }),
  /** A process in the unit's control group whose name or command line matches the regular expression. */
  v.strictObject({ kind: v.literal("process-name"), pattern }),
  /** A program: exit code 0 means that a job runs, 1 that none runs, any other means unknown. */
  v.strictObject({ kind: v.literal("command"), command: argv }),
  /** The runner's own metrics, in Prometheus' text format or as JSON: more than 0 means that a job runs. */
  v.strictObject({ kind: v.literal("metrics"), url: webAddress, metric: metricName }),
]);

export const RUNNER_PRESETS = [
  "gitea-actions-runner",
  "forgejo-runner",
  "github-runner",
  "gitlab-runner",
  "buildkite-agent",
  "woodpecker-agent",
  "hercules-ci-agent",
  "hydra",
  "hydra-builder",
  "buildbot-worker",
  "cachix-agent",
  "concourse-worker",
  "garm",
  "nixos-container",
  "microvm",
] as const;

/** One entry of `waitFor.runners`. Several entries may name the same unit. */
const runnerSchema = v.pipe(
  v.strictObject({
    unit: systemdUnit,
    preset: v.exactOptional(v.picklist(RUNNER_PRESETS)),
    detect: v.exactOptional(detectionSchema),
  }),
  v.check(
    ({ preset, detect }) => (preset === undefined) !== (detect === undefined),
    `must have either preset (${RUNNER_PRESETS.join(", ")}) or detect`,
  ),
);

const { waitFor, guard, act, verify, rollback } = DEFAULT_CONFIG;

const waitForSchema = v.strictObject({
  /** Whether to wait for the end of the login session that scheduled. */
  session: v.optional(v.boolean(), waitFor.session),
  runners: v.optional(v.array(runnerSchema), [...waitFor.runners]),
  /** Whether a runner is stopped before the act if its stop lets it finish its job. */
  drainRunners: v.optional(v.boolean(), waitFor.drainRunners),
  /** Units that must not be interrupted while they run. */
  units: v.optional(v.array(unitGlob), [...waitFor.units]),
  /** Programs that are asked whether to act. */
  commands: v.optional(v.array(commandGateSchema), [...waitFor.commands]),
  /** The Prometheus whose alerts hold reboots back; null for none. */
  alerts: v.optional(v.nullable(alertGateSchema), waitFor.alerts),
  /** The kinds of storage whose work a reboot must not cut off. */
  storage: v.optional(v.array(storageSchema), [...waitFor.storage]),
  /** The maximum wait in seconds for all of these. */
  timeout: v.optional(wholeSeconds, waitFor.timeout),
  onTimeout: v.optional(v.picklist(["give-up", "proceed"]), waitFor.onTimeout),
  /** The maximum wait in seconds of a rollback for the jobs of the runners that it stops. */
  rollbackTimeout: v.optional(wholeSeconds, waitFor.rollbackTimeout),
});

const guardSchema = v.strictObject({
  /** What a CI run may do that comes after the deploy of a newer run of the same workflow. */
  olderRun: v.optional(v.picklist(["warn", "refuse", "off"]), guard.olderRun),
});

const actSchema = v.strictObject({
  /** After so many seconds a switch that has not ended is ended and rolled back; null for no limit. */
  switchTimeout: v.optional(v.nullable(someSeconds), act.switchTimeout),
});

const verifySchema = v.strictObject({
  /** After so many seconds a boot that has not got through has failed; null for no limit. */
  bootTimeout: v.optional(v.nullable(someSeconds), verify.bootTimeout),
  /** After so many seconds a switch that has not ended is reported. */
  switchWarnAfter: v.optional(someSeconds, verify.switchWarnAfter),
  /** How long to watch units after acting, in seconds. */
  settle: v.optional(wholeSeconds, verify.settle),
  /** Units whose failure does not count. */
  ignoreFailedUnits: v.optional(v.array(unitGlob), [...verify.ignoreFailedUnits]),
  checks: v.optional(v.array(checkSchema), [...verify.checks]),
  /** What a user unit that newly failed means: `ignore` does not examine user units at all. */
  userUnits: v.optional(v.picklist(["warn", "fail", "ignore"]), verify.userUnits),
  /** The time for `deploy-finalize confirm` in seconds; null asks for no confirmation. */
  confirm: v.optional(v.nullable(v.strictObject({ within: someSeconds })), verify.confirm),
});

/** The configuration file: JSON, every key optional, no unknown keys at any level. */
export const configSchema = v.strictObject({
  profile: v.optional(absolutePath, DEFAULT_CONFIG.profile),
  stateDir: v.optional(absolutePath, DEFAULT_CONFIG.stateDir),
  /** The minimum wait in seconds; null means automatic. */
  delay: v.optional(v.nullable(wholeSeconds), DEFAULT_CONFIG.delay),
  rebootWhenChanged: v.optional(v.array(componentName), [...DEFAULT_CONFIG.rebootWhenChanged]),
  waitFor: v.optional(waitForSchema, {}),
  /** The specialisation to activate: `keep` the one that runs, none, or the named one. */
  specialisation: v.optional(v.nullable(componentName), DEFAULT_CONFIG.specialisation),
  guard: v.optional(guardSchema, {}),
  act: v.optional(actSchema, {}),
  /** What runs before the act and at the end. */
  hooks: v.optional(hooksSchema, [...DEFAULT_CONFIG.hooks]),
  verify: v.optional(verifySchema, {}),
  rollback: v.optional(v.strictObject({ enable: v.optional(v.boolean(), rollback.enable) }), {}),
  report: v.optional(reportSchema, {}),
  reboot: v.optional(rebootSchema, {}),
  switch: v.optional(switchSchema, {}),
  /** The longest time in seconds by which this host opens its windows later than their starts say. */
  stagger: v.optional(wholeSeconds, DEFAULT_CONFIG.stagger),
  /** The fleet lock; null for none. */
  lock: v.optional(v.nullable(lockSchema), DEFAULT_CONFIG.lock),
  /** The rollouts that this host takes part in; null for none. */
  fleet: v.optional(v.nullable(fleetSchema), DEFAULT_CONFIG.fleet),
  proxy: v.optional(proxySchema, {}),
});

export type Config = Frozen<v.InferOutput<typeof configSchema>>;
export type RunnerConfig = Config["waitFor"]["runners"][number];
export type Detection = NonNullable<RunnerConfig["detect"]>;
export type RunnerPreset = NonNullable<RunnerConfig["preset"]>;
export type RebootConfig = Config["reboot"];
/** `keep`: the one of the same name as the running one, if one runs; null: none. */
export type Specialisation = Config["specialisation"];
/** Something that must hold after acting. */
export type CheckConfig = Config["verify"]["checks"][number];
