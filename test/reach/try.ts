import { readlinkSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { isTerminal } from "../../src/core/states.ts";
import { deploy, ended, recordOf } from "../on-host/deploying.ts";
import { type Break, brokenWayIn } from "./breaks.ts";
import type { Site } from "./site.ts";

/** What a rollback may take on a busy machine, a reboot included. */
const ROLLBACK_SECONDS = 60;

export interface Tried {
  readonly name: string;
  readonly by: string;
  /** Whether somebody was refused while the target ran. */
  readonly broken: "proven" | "not seen";
  /** What noticed it. */
  readonly noticed: string;
  readonly state: string;
  /** From the first login that failed to the first one that succeeded again. */
  readonly seconds: number;
  /** How the documented loop ended. */
  readonly loop: number;
  /** What is not as it has to be; null if all is. */
  readonly wrong: string | null;
}

/** Deploys a system that cannot be reached, and lets the documented loop try to confirm it. */
export async function tryBreak(site: Site, one: Break, withinSeconds: number): Promise<Tried> {
  const { host } = site;
  const before = await host.facts();
  const way = brokenWayIn(one, site.addresses);
  const kernel =
    one.by === "reboot" ? { kernel: `6.12.${1000 + Math.trunc(performance.now())}` } : {};
  const verify = { confirm: { within: withinSeconds } };
  const target = await host.buildToplevel(site.system(way, verify, { ...kernel, label: "broken" }));
  const id = await deploy(host, target, "--delay", "0");
  const confirming = site.confirm({ id });
  const cutAt = await firstFailure(site, id, target);
  const record = await ended(host, id, 180_000);
  await host.until(
    `the host can be reached after ${one.name}`,
    async () => await site.isReachable(),
  );
  const seconds = cutAt === null ? 0 : (performance.now() - cutAt) / 1000;
  const loop = await confirming;
  const reason = record.outcome?.reason ?? "";
  const after = await host.facts();
  const isBack = after.current === before.current && after.profile === before.profile;
  const wrong = [
    ...(cutAt === null ? ["nobody saw that it was broken"] : []),
    ...(record.state === "rolled-back" ? [] : [`${record.state}: ${reason}`]),
    ...(isBack ? [] : ["another system runs than before"]),
    ...(seconds <= withinSeconds + ROLLBACK_SECONDS ? [] : ["too late"]),
    ...(loop === 0 ? ["the loop ended with 0"] : []),
  ];
  return {
    name: one.name,
    by: one.by,
    broken: cutAt === null ? "not seen" : "proven",
    noticed: reason.startsWith("not confirmed by ") ? "no confirmation" : "a check",
    state: record.state,
    seconds,
    loop,
    wrong: wrong.length === 0 ? null : wrong.join("; "),
  };
}

/** When a login failed that began and ended while the target was current; null if none did. */
async function firstFailure(site: Site, id: string, target: string): Promise<number | null> {
  const failures: number[] = [];
  const probes: Promise<void>[] = [];
  const probe = async (began: number): Promise<void> => {
    const reached = await site.isReachable();
    if (!reached && isCurrent(site, target)) failures.push(began);
  };
  // A login may take seconds to fail: several are tried at a time.
  for (let isOver = false; !isOver && failures.length === 0;) {
    const record = await recordOf(site.host, id).catch(() => null);
    isOver = record !== null && isTerminal(record.state);
    if (isCurrent(site, target) && record?.state === "verifying") {
      probes.push(probe(performance.now()));
    }
    await delay(500);
  }
  await Promise.all(probes);
  return failures[0] ?? null;
}

function isCurrent(site: Site, target: string): boolean {
  try {
    return readlinkSync(site.host.path("/run/current-system")) === target;
  } catch {
    return false;
  }
}

export interface Good {
  readonly name: string;
  readonly loop: number;
  readonly reason: string;
}

/** Deploys a system that can be reached: nobody but the documented loop confirms it. */
export async function tryGood(site: Site, by: Break["by"]): Promise<Good> {
  const { host } = site;
  const label = `good-${Math.trunc(performance.now())}`;
  const kernel = by === "reboot" ? { kernel: `6.12.${1000 + Math.trunc(performance.now())}` } : {};
  const verify = { confirm: { within: 90 } };
  const target = await host.buildToplevel(site.good(label, verify, kernel));
  const id = await deploy(host, target, "--delay", "2");
  const loop = await site.confirm({ id });
  const { outcome } = await ended(host, id, 180_000);
  return { name: `a good deploy by ${by}`, loop, reason: outcome?.reason ?? "" };
}
