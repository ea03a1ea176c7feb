import { awaitsForgeJob } from "../core/config/receivers.ts";
import { type LockConfig, lockFor } from "../core/config/lock-config.ts";
import type { CommandGateConfig } from "../core/config/wait-for/gates.ts";
import type { SessionsConfig } from "../core/config/schema-parts.ts";
import { isPassed } from "../core/gate-names.ts";
import type { Plan } from "../core/decision/decision.ts";
import type { FinalizationRecord } from "../core/record/record.ts";
import type { DryActivation } from "../host/nixos/dry-activation.ts";
import { noAlerts } from "./alerts.ts";
import { bootThrough, hasBootedSince } from "./host/boot.ts";
import { ciJob } from "./ci-job.ts";
import { commandGate } from "./command.ts";
import { delay } from "./delay.ts";
import { fleetLock, type Seat } from "./fleet-lock.ts";
import { forgeJob } from "./forge-job.ts";
import type { Gate, GateContext } from "./gate.ts";
import { inhibitors, inhibitorsOf } from "./inhibitors.ts";
import { everybody, type Interrupted, loggedIn } from "./logged-in.ts";
import { session } from "./session.ts";
import { stoppedBy, type Stopped } from "./runners/stopped-by-switch.ts";
import { switchLock } from "./host/switch-lock.ts";
import { quietStorage } from "./storage/storage.ts";
import type { StaggeredWindow } from "../core/config/windows/window-config.ts";
import { quietUnits } from "./units.ts";
import { completesReboot, windowGate, windowsToKeep } from "./window.ts";

export interface Act {
  readonly action: Plan["action"];
  /** Takes the slot of the fleet lock and the turn; null if the gates must take nothing. */
  readonly seat: Seat | null;
  /** The result of a dry activation, if there has been one already. */
  readonly dry?: DryActivation;
}

interface RowInput extends GateContext, Act {
  readonly stopped: Stopped;
  /** The windows that the act has to keep; null if it may come at any time. */
  readonly windows: readonly StaggeredWindow[] | null;
}

/** Makes a gate or several, or null if this act on this host does not need it. */
type Row = (input: RowInput) => Gate | readonly Gate[] | null;

/**
 * Every gate, in the order in which they are waited for; `run` and `explain` read this table. The
 * window comes right after the delay: it may be days away, and the state of the others may
 * change until then. The switch lock comes before the gates that may try the switch dry, which
 * takes this lock too. The gates that ask programs and servers come after those that cost little,
 * and those that take or do something at the end.
 */
export const GATES: readonly Row[] = [
  () => delay,
  (input) => (hasBootedSince(input) ? bootThrough : null),
  ({ action, windows }) => windows && windowGate(action, windows),
  ({ config }) => (config.waitFor.session ? session : null),
  ({ config, record }) => (awaitsForgeJob(config.report, record.forgeRun) ? forgeJob() : null),
  () => switchLock,
  ({ action, config: { waitFor, lock }, record, stopped }) =>
    waitFor.runners.length > 0
      ? ciJob(
          waitFor.runners,
          stopped.runners,
          slotNeeded(lock, action, record) === null ? "drained" : "awaited",
        )
      : null,
  ({ config: { waitFor }, stopped, windows }) =>
    waitFor.units.length > 0 ? quietUnits(waitFor.units, stopped.units, windows) : null,
  ({ action, windows, stopped, record, config: { switch: of } }) =>
    action === "reboot"
      ? inhibitors(windows)
      : isWaitedFor(of.sessions) && !completesReboot(record, action)
        ? inhibitorsOf(interruptedBy(stopped), windows)
        : null,
  ({ action, config: { waitFor }, windows }) =>
    action === "reboot" && waitFor.storage.length > 0
      ? quietStorage(waitFor.storage, windows)
      : null,
  ({ action, config: { waitFor }, record, windows }) =>
    waitFor.alerts !== null && guards(waitFor.alerts, action, record)
      ? noAlerts(waitFor.alerts, windows)
      : null,
  ({ action, config: { waitFor }, record, windows }) =>
    waitFor.commands
      .filter((command) => guards(command, action, record))
      .map((command) => commandGate(command, action, windows)),
  ({ action, config, record, seat }) => {
    const lock = slotNeeded(config.lock, action, record);
    return lock === null ? null : fleetLock(lock, seat);
  },
  ({ action, stopped, record, config: { reboot, switch: of } }) =>
    action === "reboot"
      ? loggedIn(reboot.sessions, action, everybody)
      : isWaitedFor(of.sessions) && !completesReboot(record, action)
        ? loggedIn(of.sessions, action, interruptedBy(stopped))
        : null,
];

/**
 * Whether a gate that somebody has configured holds up this act. A rollback by hand may be what ends the
 * alert, or what mends what the command asks. The act whose reboot is over has been allowed already, and
 * a wait would end in a rollback.
 */
function guards(
  { before }: Pick<CommandGateConfig, "before">,
  action: Act["action"],
  record: FinalizationRecord,
): boolean {
  if (record.rollbackOf !== null || completesReboot(record, action)) return false;
  return before === "act" || action === before;
}

/** The lock of which the act needs a slot. The act whose reboot is over goes on with what it has. */
function slotNeeded(
  lock: LockConfig | null,
  action: Act["action"],
  record: FinalizationRecord,
): LockConfig | null {
  return completesReboot(record, action) ? null : lockFor(lock, action);
}

/** Who is neither told nor waited for is not looked for. */
function isWaitedFor({ grace, message }: SessionsConfig): boolean {
  return grace > 0 || message !== null;
}

function interruptedBy({ units }: Stopped): Interrupted {
  return async (people) => {
    const stops = await units();
    if (stops === "all") return people;
    return people.filter((person) => person.units.some(stops));
  };
}

export function gatesFor(context: GateContext, act: Act): readonly Gate[] {
  const stopped = stoppedBy(context, act);
  const input = { ...context, ...act, stopped, windows: windowsToKeep(context, act.action) };
  const gates = GATES.flatMap((row) => row(input) ?? []);
  const { hurried } = context.record;
  return hurried === null ? gates : gates.filter(({ name }) => !isPassed(hurried.past, name));
}
