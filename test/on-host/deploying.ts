import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import * as v from "valibot";
import type { FinalizationRecord } from "../../src/core/record/record.ts";
import { recordSchema } from "../../src/core/record/record-schema.ts";
import { isTerminal } from "../../src/core/states.ts";
import type { Host, ToplevelSpec } from "../test-host/host.ts";

/** The program as it is called inside the test host. */
export const PROGRAM = ["/usr/local/bin/node", "/opt/deploy-finalize/deploy-finalize.cjs"] as const;
export const STATE_DIR = "/var/lib/deploy-finalize";

const RESUME = `${PROGRAM.join(" ")} resume --config /etc/deploy-finalize.json`;

/** What the resume units of the NixOS module have in common, as far as these tests need it. */
function resumeService(unit: string, more: string, install: string, command = RESUME): string {
  return `[Unit]
Description=Take up unfinished finalizations
StartLimitIntervalSec=0
X-StopOnRemoval=false
X-RestartIfChanged=false
${unit}
[Service]
Type=exec
Environment=PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
ExecStart=${command}
Restart=on-failure
RestartForceExitStatus=SIGTERM SIGINT SIGHUP SIGPIPE
RestartSec=1
${more}
[Install]
WantedBy=${install}
`;
}

/** As the NixOS module makes them. `command` stands for the call of `resume` after a boot. */
export function resumeUnits(
  stuckAfterSeconds = 120,
  command = RESUME,
): NonNullable<ToplevelSpec["units"]> {
  const early = "DefaultDependencies=no\nConflicts=shutdown.target\nBefore=shutdown.target";
  return {
    "deploy-finalize-resume.service": resumeService(
      "After=multi-user.target",
      "RemainAfterExit=true",
      "multi-user.target",
      command,
    ),
    "deploy-finalize-stuck-boot.service": resumeService(
      `${early}\nAfter=local-fs.target\nIgnoreOnIsolate=yes`,
      "",
      "emergency.target rescue.target",
    ),
    "deploy-finalize-stuck-boot.timer": `[Unit]
${early}
IgnoreOnIsolate=yes
[Timer]
OnBootSec=${stuckAfterSeconds}
AccuracySec=1s
[Install]
WantedBy=sysinit.target
`,
  };
}

/** In place of those units: none starts by itself while a test compares what was with what is. */
export const QUIET_FOR_LONG = resumeUnits(36_000);

/** One look at the units instead of five seconds: most tests have nothing that settles. */
const TEST_CONFIG = { verify: { settle: 0 } };

/** A system with the resume unit and a configuration of its own, as the NixOS module makes it. */
export function systemSpec(spec: ToplevelSpec = {}, config: object = TEST_CONFIG): ToplevelSpec {
  return {
    ...spec,
    units: { ...resumeUnits(), ...spec.units },
    etc: { "deploy-finalize.json": JSON.stringify(config), ...spec.etc },
  };
}

/** A call as the module's wrapper makes it: with the configuration by store path. */
export function call(toplevel: string, ...args: string[]): string[] {
  return [...PROGRAM, ...args, "--config", `${toplevel}/etc/deploy-finalize.json`];
}

/** What a deploy's activation runs on the host: profile, boot default, then us. */
export function deployScript(toplevel: string, ...args: string[]): string {
  return [
    `nix-env -p /nix/var/nix/profiles/system --set ${toplevel}`,
    `${toplevel}/bin/switch-to-configuration boot`,
    call(toplevel, ...args).join(" "),
  ].join("\n");
}

/** Deploys from outside a job; returns the id of the finalization. */
export async function deploy(host: Host, toplevel: string, ...args: string[]): Promise<string> {
  await host.shell(deployScript(toplevel, ...args));
  return (await newestRecord(host)).id;
}

/** Schedules without the deploy's `boot`, which would want the switch lock too. */
export async function schedule(host: Host, toplevel: string, ...args: string[]): Promise<string> {
  await host.setProfile(toplevel);
  await host.ok(call(toplevel, ...args));
  return (await newestRecord(host)).id;
}

export async function newestRecord(host: Host): Promise<FinalizationRecord> {
  return v.parse(recordSchema, JSON.parse(await stateFile(host, "current")));
}

export async function recordOf(host: Host, id: string): Promise<FinalizationRecord> {
  return v.parse(recordSchema, JSON.parse(await stateFile(host, `${id}.json`)));
}

/**
 * Read from outside: a program inside that a shutdown stops would hold the shutdown up. While the host
 * reboots, its files may be out of reach for a moment.
 */
async function stateFile(host: Host, name: string): Promise<string> {
  const bootId = host.bootId();
  try {
    return readFileSync(host.path(`${STATE_DIR}/${name}`), "utf8");
  } catch (error) {
    if (bootId !== undefined && host.bootId() === bootId) throw error;
    await host.until("the host is up", () => host.bootId() !== undefined);
    return await stateFile(host, name);
  }
}

/** Waits until a finalization is in a terminal state, also across a reboot. */
export async function ended(
  host: Host,
  id: string,
  deadlineMs = 120_000,
): Promise<FinalizationRecord> {
  const finished = async (): Promise<FinalizationRecord | undefined> => {
    const record = await recordOf(host, id).catch(() => undefined);
    return record !== undefined && isTerminal(record.state) ? record : undefined;
  };
  return await host.until(`${id} has ended`, finished, { deadlineMs });
}

/** Waits until a finalization has entered a state. */
export async function entered(
  host: Host,
  id: string,
  state: FinalizationRecord["state"],
): Promise<FinalizationRecord> {
  return await host.until(`${id} is ${state}`, async () => {
    const record = await recordOf(host, id);
    return record.timeline.some((entry) => entry.state === state) ? record : undefined;
  });
}

/** Waits until a finalization waits for another one that acts. */
export async function waitsForTurn(host: Host, id: string): Promise<void> {
  const look = ["grep", "--quiet", '"turn"', `${STATE_DIR}/${id}.waiting`];
  await host.until(`${id} waits for its turn`, async () => (await host.run(look)).exitCode === 0);
}

/** Stops the timer of a finalization: its time by the calendar may still be to come. */
export async function stopTimer(host: Host, id: string): Promise<void> {
  // It is unloaded after its last time.
  await host.shell(`systemctl stop 'deploy-finalize-${id}.timer' 2>/dev/null || test $? = 5`);
}

/** Stops the unit of a finalization. First its timer, because a start by a timer cancels a stop. */
export async function stopUnit(host: Host, id: string, ...options: string[]): Promise<void> {
  await stopTimer(host, id);
  await host.ok(["systemctl", "stop", ...options, `deploy-finalize-${id}.service`]);
}

export async function awaitsConfirmation(host: Host, id: string): Promise<void> {
  const isAsked = async (): Promise<boolean> => (await recordOf(host, id)).confirmBy !== null;
  await host.until(`${id} awaits its confirmation`, isAsked);
}

/** Ends the delay of a finalization now: its unit is started as its timer would start it. */
export async function comesDue(host: Host, id: string): Promise<void> {
  const record = `${STATE_DIR}/${id}.json`;
  await host.shell(
    `sed 's/"fireAt": ".*"/"fireAt": "2020-01-01T00:00:00.000Z"/' ${record} > ${record}.due
     mv ${record}.due ${record}
     systemctl start --no-block deploy-finalize-${id}.service`,
  );
}

/** Has a unit, holder.service, hold a lock until it is stopped. A shutdown stops it last of all. */
export async function holdLock(host: Host, lock: string): Promise<void> {
  const lasts = "--property=DefaultDependencies=no";
  await host.shell(`systemd-run --quiet --unit=holder ${lasts} flock ${lock} sleep infinity`);
  await host.until("the lock is held", async () => {
    return (await host.run(["flock", "--nonblock", lock, "true"])).exitCode !== 0;
  });
}

/** What runs is what the profile names and what the next boot would bring up. */
export async function assertRuns(host: Host, toplevel: string | null): Promise<void> {
  const { current, profile, bootDefault } = await host.facts();
  assert.deepEqual([current, profile, bootDefault], [toplevel, toplevel, toplevel]);
}

/** The states that a finalization went through. */
export function path(record: FinalizationRecord): string {
  return record.timeline.map(({ state }) => state).join(" ");
}
