import { setTimeout as sleep } from "node:timers/promises";
import type { Host } from "../test-host/host.ts";
import { call, deploy, ended, STATE_DIR, systemSpec } from "./deploying.ts";

/** What hits a host that finalizes a deploy, so many milliseconds after the deploy. */
export type Blow = (host: Host, id: string) => Promise<void>;

/** What came of a round: how the finalization ended, and sentences that say what must not be so. */
export interface Round {
  readonly end: string;
  readonly violations: readonly string[];
}

/** A switch with its process start, or a reboot with its boot, takes about this long here. */
const LONGEST_MS = 1800;

/** Nothing to kill, before the timer fires, while the host boots or after the end, is a moment like any other. */
export const killRun: Blow = async (host, id) => {
  const kill = ["systemctl", "kill", "--signal=KILL", `deploy-finalize-${id}.service`];
  await host.run(kill).catch(() => {});
};

export const cutPower: Blow = async (host) => {
  await host.powerCut();
  await host.powerOn();
};

/** The host must end on target or previous, with a record that says so. */
export async function hit(
  host: Host,
  round: number,
  random: () => number,
  blow: Blow,
): Promise<Round> {
  const kernel = random() < 0.5 ? "6.12.3" : "6.12.9";
  const target = await host.buildToplevel(systemSpec({ label: `round-${round}`, kernel }));
  const { current: previous } = await host.facts();
  const id = await deploy(host, target, "--delay", "0");
  const moment = Math.round(random() * LONGEST_MS);
  await sleep(moment);
  await blow(host, id);
  const { state, outcome, timeline } = await ended(host, id);
  const { booted, current, profile } = await host.facts();
  const told = `round ${round}, after ${moment} ms: ${id} is ${state} (${outcome?.reason}), but`;
  const running = state === "live" ? target : previous;
  const hasRebooted = timeline.some((entry) => entry.state === "rebooting");
  const facts = { current, profile, ...(hasRebooted ? { booted } : {}) };
  const wrong = Object.entries(facts).filter(([, toplevel]) => toplevel !== running);
  return { end: state, violations: wrong.map(([which, at]) => `${told} ${which} is ${at}`) };
}

/** The time that a call of `schedule` takes here, on a busy machine. */
const CALL_MS = 600;

/**
 * Kills a second `schedule` of a deploy at a random moment. Whatever it has come to, the deploy that the
 * first one accepted must become live, and every finalization must end.
 */
export async function killSchedule(
  host: Host,
  round: number,
  random: () => number,
): Promise<Round> {
  const target = await host.buildToplevel(systemSpec({ label: `round-${round}` }));
  const before = await idsOf(host);
  await deploy(host, target, "--delay", "1");
  const moment = Math.round(random() * CALL_MS);
  const words = call(target, "--delay", "1").join(" ");
  const seconds = (moment / 1000).toFixed(3);
  // The first one may reboot the host meanwhile.
  await host
    .run(["timeout", "--signal=KILL", seconds, "sh", "-c", `exec ${words}`])
    .catch(() => {});
  const seen = await host.until("the host is up", async () => idsOf(host).catch(() => undefined));
  const ids = seen.filter((id) => !before.includes(id));
  const records = await Promise.all(ids.map(async (id) => await ended(host, id)));
  const { current, profile } = await host.until("it is up", () =>
    host.facts().catch(() => undefined),
  );
  const told = `round ${round}, killed after ${moment} ms:`;
  const isLive = records.some(({ state }) => state === "live");
  return {
    end: records.map(({ state }) => state).join("+"),
    violations: [
      ...(isLive ? [] : [`${told} none is live`]),
      ...(current === target && profile === target ? [] : [`${told} ${current} runs`]),
    ],
  };
}

export async function idsOf(host: Host): Promise<string[]> {
  const names = await host.shell(`ls ${STATE_DIR} 2>/dev/null || true`);
  return names.split("\n").flatMap((name) => /^(\d{8}-\d{6}-\w{4})\.json$/.exec(name)?.[1] ?? []);
}
