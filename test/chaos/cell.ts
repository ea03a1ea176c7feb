import { readdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { isTerminal } from "../../src/core/states.ts";
import type { FinalizationRecord } from "../../src/core/record/record.ts";
import { call, ended, newestRecord, recordOf, STATE_DIR } from "../on-host/deploying.ts";
import type { Host } from "../test-host/host.ts";
import { type Fault, prepareClock } from "./faults.ts";
import { type Moment, PATH, type Played, prepareMoments, systemOf } from "./moments.ts";

/** The end of a cell of the matrix, and sentences that say what must not be so. */
export interface Cell {
  readonly end: string;
  readonly violations: readonly string[];
}

const DEADLINE_MS = 180_000;

/** Deploys, brings the finalization to the moment, strikes, lets it go on, and looks at what came of it. */
export async function playCell(
  host: Host,
  moment: Moment,
  fault: Fault,
  label: string,
): Promise<Cell> {
  if (fault.hits === "process" && moment.driver === "timer") return { end: "-", violations: [] };
  await prepareMoments(host);
  await prepareClock(host);
  const before = await host.facts();
  const played = await begin(host, moment, label, before.runnerDefinition ?? "");
  const unit = `deploy-finalize-${played.id}.service`;
  await moment.reached(host, played);
  await fault.strike(host, unit);
  await moment.release(host, played);
  await endOrPatience(host, played.id, fault.lastsMs);
  await fault.heal?.(host, unit);
  const record = await endOf(host, moment, played);
  return {
    end: record.state,
    violations: await violationsOf(host, {
      moment,
      fault,
      played,
      previous: before.current,
      record,
    }),
  };
}

async function begin(host: Host, moment: Moment, label: string, before: string): Promise<Played> {
  const { bootId } = await host.facts();
  // Not the kernel that runs.
  const kernel = moment.action === "reboot" ? `6.12.${label}` : await kernelOf(host);
  const spec = systemOf(label, kernel, moment.name === "confirming");
  const target = await host.buildToplevel(spec);
  const played = { label, before, target, id: "" };
  await moment.hold(host, played);
  await host.setProfile(target);
  await host.ok([`${target}/bin/switch-to-configuration`, "boot"]);
  const delay = String(moment.delaySeconds);
  await host.ok(["env", `PATH=${PATH}`, ...call(target, "--delay", delay)]);
  if (bootId === "") throw new Error("the host is off");
  return { ...played, id: (await newestRecord(host)).id };
}

async function kernelOf(host: Host): Promise<string> {
  const text = await host.read("/run/booted-system/kernel");
  return text.trim().replace("kernel ", "");
}

async function endOrPatience(host: Host, id: string, lastsMs: number): Promise<void> {
  const limit = performance.now() + lastsMs;
  while (performance.now() < limit) {
    const record = await recordOf(host, id).catch(() => undefined);
    if (record !== undefined && isTerminal(record.state)) return;
    await sleep(50);
  }
}

/** A confirmation that the fault kept away is given again. */
async function endOf(host: Host, moment: Moment, played: Played): Promise<FinalizationRecord> {
  if (moment.name === "confirming") {
    const isOver = async (): Promise<boolean> => {
      if (isTerminal((await recordOf(host, played.id)).state)) return true;
      await moment.release(host, played);
      return false;
    };
    await host.until("the confirmation is taken", isOver, { deadlineMs: DEADLINE_MS });
  }
  return await ended(host, played.id, DEADLINE_MS);
}

interface Result {
  readonly moment: Moment;
  readonly fault: Fault;
  readonly played: Played;
  readonly previous: string;
  readonly record: FinalizationRecord;
}

async function violationsOf(host: Host, result: Result): Promise<string[]> {
  const { moment, fault, played, previous, record } = result;
  const { state, outcome, timeline } = record;
  const told = `${played.id} is ${state} (${outcome?.reason ?? ""})`;
  const isBack = state !== "live" && [state, moment.end].includes("rolled-back");
  const excused = fault.mayFailIn?.includes(moment.name) === true ? ["failed"] : [];
  const running = isBack ? previous : played.target;
  const left = await leftovers(host, played.id, isBack ? played.before : played.label);
  const { booted, current, profile, bootDefault } = await host.facts();
  const hasRebooted = timeline.some((entry) => entry.state === "rebooting");
  const facts = { current, profile, bootDefault, ...(hasRebooted ? { booted } : {}) };
  const wrong = Object.entries(facts).filter(([, toplevel]) => toplevel !== running);
  return [
    // A fault may be a reason to roll back, but rarely one to give up.
    ...([moment.end, "rolled-back", ...excused].includes(state)
      ? []
      : [`${told}, and not ${moment.end}`]),
    ...wrong.map(([which, at]) => `${told}, but ${which} is ${at}`),
    ...left.map((what) => `${told}, but ${what}`),
  ];
}

/** What must be gone or back soon after the end. */
async function leftovers(host: Host, id: string, runner: string): Promise<string[]> {
  const look = async (): Promise<string[]> => {
    const units = ["systemctl", "list-units", "--all", "--plain", "--no-legend"];
    const [own, { runnerDefinition }, lock] = await Promise.all([
      host.ok([...units, `deploy-finalize-${id}*`]),
      host.facts(),
      host.run(["flock", "--nonblock", `${STATE_DIR}/${id}.lock`, "true"]),
    ]);
    const active = await host.run(["systemctl", "is-active", "ci-runner.service"]);
    const files = readdirSync(host.path(STATE_DIR)).filter((name) => name.startsWith(`${id}.`));
    const odd = files.filter((name) => /\.(tmp|waiting|tries|broken)$|\.json\./.test(name));
    const pins = await host.shell(`ls /nix/var/nix/gcroots/deploy-finalize 2>/dev/null || true`);
    return [
      ...(own.trim() === "" ? [] : [`its units are left: ${own.trim()}`]),
      ...(lock.exitCode === 0 ? [] : ["its lock is held"]),
      ...(active.stdout.trim() === "active" ? [] : [`the runner is ${active.stdout.trim()}`]),
      ...(runnerDefinition === runner ? [] : [`the runner is that of ${runnerDefinition}`]),
      ...(odd.length === 0 ? [] : [`there are files: ${odd.join(" ")}`]),
      ...(pins.includes(id) ? ["its pins are left"] : []),
    ];
  };
  let seen: string[] = [];
  const isClean = async (): Promise<boolean> => {
    seen = await look().catch((error: unknown) => [String(error)]);
    return seen.length === 0;
  };
  await host.until("nothing is left", isClean, { deadlineMs: 60_000 }).catch(() => {});
  return seen;
}
