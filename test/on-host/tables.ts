import type { FinalizationRecord } from "../../src/core/record/record.ts";
import type { Host, ToplevelSpec } from "../test-host/host.ts";
import { deploy, ended, systemSpec } from "./deploying.ts";

/** Names of units and their text. */
export type Units = Readonly<Record<string, string>>;

export type How = "switch" | "reboot";

/** A line of a table: a deploy, and what the tool says about it. */
export interface Line {
  readonly what: string;
  readonly how: How;
  readonly state: string;
  readonly reason: string;
}

/** A service that multi-user.target wants. `unit` is the text of [Unit], `service` that of [Service]. */
export function service(lines: string, unit = ""): string {
  const run = /^(ExecStart|Type=oneshot)/m.test(lines) ? "" : "ExecStart=/bin/sleep infinity\n";
  return `[Unit]\nDescription=Row\n${unit}\n[Service]\n${run}${lines}\n[Install]\nWantedBy=multi-user.target\n`;
}

/** A system that a reboot brings live has another kernel than the one before. */
export function specOf(how: How, label: string, spec: ToplevelSpec, verify: object): ToplevelSpec {
  const kernel = how === "reboot" ? { kernel: `6.12.${label}` } : {};
  return systemSpec({ ...spec, ...kernel, label }, { verify: { settle: 1, ...verify } });
}

/** Deploys a system and waits for the end. */
export async function deployed(
  host: Host,
  spec: ToplevelSpec,
  deadlineMs = 120_000,
): Promise<FinalizationRecord> {
  const target = await host.buildToplevel(spec);
  return await ended(host, await deploy(host, target, "--delay", "0"), deadlineMs);
}

export function lineOf(what: string, how: How, { state, outcome }: FinalizationRecord): Line {
  return { what, how, state, reason: (outcome?.reason ?? "").replaceAll("\n", " ") };
}

export async function isActive(host: Host, unit: string): Promise<boolean> {
  return (await host.run(["systemctl", "is-active", "--quiet", unit])).exitCode === 0;
}

/** The units of all rows before their deploys: rows that share a host share them. */
export function unitsBefore(rows: readonly { readonly before?: Units }[]): Record<string, string> {
  return Object.fromEntries(rows.flatMap(({ before = {} }) => Object.entries(before)));
}

/** Prints a table below the results of the tests. */
export function printTable(title: string, lines: readonly Line[]): void {
  const width = Math.max(...lines.map(({ what }) => what.length));
  // Groups run side by side.
  const sorted = lines.toSorted((a, b) => b.how.localeCompare(a.how));
  const rows = sorted.map(
    ({ what, how, state, reason }) => `  ${what.padEnd(width)}  ${how}  ${state}  ${reason}\n`,
  );
  process.stdout.write(`${title} (${lines.length})\n${rows.join("")}`);
}
