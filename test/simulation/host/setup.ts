import { STATES } from "../../../src/core/states.ts";
import type { Plan } from "../plan.ts";
import { addLoader } from "./boot.ts";
import { fleetConfigOf } from "../rollout-plan.ts";
import { ETCD_URL, GROUP, PREFIX } from "./etcd.ts";
import type { Machine } from "./machine.ts";
import { hooksOf } from "./hook.ts";
import { HOLDER, LOCK_URL } from "./lock-server.ts";
import { nixEnv } from "./nix.ts";
import type { Body } from "./program.ts";
import { WINDOW } from "./window.ts";
import { type Switching, switchToConfiguration } from "./switch.ts";
import { CONFIG, makeFolders, type System, write } from "./systems.ts";

/** Fills the disk of a host that has run `first` for long. */
export function install(machine: Machine, plan: Plan, switching: Switching, first: System): void {
  const { disk, programs } = machine;
  addLoader(disk, plan.loader);
  write(disk, CONFIG, JSON.stringify(configOf(plan)));
  finishNow(nixEnv(disk, ["--set", first.path]));
  disk.makeFolder("/run/nixos");
  const argv = [`${first.path}/bin/switch-to-configuration`, "boot"];
  programs.run(argv, (program) => {
    finishNow(switchToConfiguration(machine, program, switching));
    return nothing();
  });
  machine.loseMemory();
  disk.syncAll();
}

/** Before anything can be put on the disk. */
export function prepare(machine: Machine): void {
  makeFolders(machine.disk);
}

function finishNow(body: Body): void {
  for (let next = body.next(); next.done !== true; next = body.next());
}

function* nothing(): Body {
  yield "step";
  return { exitCode: 0 };
}

/** In seconds: more than some programs block the shutdown, and less than others do. */
export const ROLLBACK_TIMEOUT = 10;

const LOCK = { id: HOLDER, timeout: 2, retry: 2 };

function lockOf({ fleet, rollout }: Plan): object | null {
  if (fleet === null && rollout === null) return null;
  const onRollback = fleet === null ? {} : { onRollback: fleet.onRollback };
  if (rollout === null) return { ...LOCK, ...onRollback, backend: "fleetlock", url: LOCK_URL };
  const server = { backend: "etcd", endpoints: [ETCD_URL], prefix: PREFIX, group: GROUP };
  return { ...LOCK, ...onRollback, ...server, for: fleet === null ? [] : ["reboot"] };
}

/** The configuration file of the host. */
function configOf(plan: Plan): object {
  const { confirmWithin, hasRunner, hasReceiver, checks, settle, reboots, rollout } = plan;
  const { specialisation, hasLogind, whilePutOff, hooks } = plan;
  const detect = { kind: "command", command: ["/bin/job-runs"] };
  const runner = { unit: "runner.service", detect };
  const check = { kind: "command", command: ["/bin/check"], deadline: 2 };
  const receiver = { kind: "command", name: "log", command: ["/bin/receiver"], events: STATES };
  return {
    delay: 1,
    rebootWhenChanged: ["kernel"],
    waitFor: {
      timeout: 300,
      runners: hasRunner ? [runner] : [],
      ...(hasLogind && { rollbackTimeout: ROLLBACK_TIMEOUT }),
    },
    ...(specialisation !== "none" && { specialisation }),
    hooks: hooksOf(hooks),
    verify: {
      settle,
      bootTimeout: 180,
      checks: checks === "none" ? [] : [check],
      confirm: confirmWithin === null ? null : { within: confirmWithin },
    },
    reboot: { window: reboots === "always" ? null : WINDOW, whilePutOff },
    lock: lockOf(plan),
    ...(rollout !== null && { fleet: fleetConfigOf(rollout) }),
    report: { receivers: hasReceiver ? [receiver] : [] },
  };
}
