import type { Host, ToplevelSpec } from "../test-host/host.ts";
import { call, systemSpec } from "./deploying.ts";

export const RUNNER = "ci-runner.service";

export interface RunnerTimes {
  /** Seconds in its own process before the first child of a job, and after its last one. */
  readonly fetch?: number;
  readonly report?: number;
}

/** As the NixOS module makes a runner whose stop lets it finish its job. */
export function drainsUnit({ fetch = 0, report = 0 }: RunnerTimes = {}): string {
  return `[Service]
Environment=DEPLOY_FINALIZE_STOP=drains CI_RUNNER_DRAINS=yes
Environment=CI_RUNNER_FETCH=${fetch.toFixed(6)} CI_RUNNER_REPORT=${report.toFixed(6)}
KillMode=mixed
TimeoutStopSec=2h
`;
}

/** A runner that works as long in its own process, and whose stop ends its job. */
export function killsUnit({ fetch = 0, report = 0 }: RunnerTimes = {}): string {
  return `[Service]\nEnvironment=CI_RUNNER_FETCH=${fetch.toFixed(6)} CI_RUNNER_REPORT=${report.toFixed(6)}\n`;
}

export const DROP_IN = `${RUNNER}.d/stop.conf`;

/** A system with such a runner, and a configuration that waits for its jobs. */
export function drainingSpec(
  spec: ToplevelSpec = {},
  waitFor: object = {},
  dropIn: string = drainsUnit(),
): ToplevelSpec {
  const runners = [{ unit: RUNNER, detect: { kind: "processes" } }];
  const config = { verify: { settle: 0 }, waitFor: { runners, ...waitFor } };
  return systemSpec({ ...spec, units: { [DROP_IN]: dropIn, ...spec.units } }, config);
}

/** A job that deploys and then does what `rest` says. It fails where a part of it fails. */
export function deployJob(toplevel: string, rest: string): string {
  return [
    // As runners call the shell of a step.
    "set -e",
    `nix-env -p /nix/var/nix/profiles/system --set ${toplevel}`,
    `${toplevel}/bin/switch-to-configuration boot`,
    call(toplevel).join(" "),
    rest,
  ].join("\n");
}

export async function isActive(host: Host, unit: string): Promise<string> {
  return (await host.run(["systemctl", "is-active", unit])).stdout.trim();
}
