import type { FinalizationRecord } from "../../src/core/record/record.ts";
import type { Host } from "../test-host/host.ts";
import { idsOf } from "./chaos.ts";
import { call, ended, newestRecord, recordOf, STATE_DIR, systemSpec } from "./deploying.ts";

/** How many calls of `schedule` a round makes, and for how many deploys, one after the other. */
export interface Overlap {
  readonly calls: number;
  readonly deploys: number;
}

/** What became of the calls of a round. */
export interface Tally {
  readonly accepted: number;
  readonly refused: number;
  readonly live: number;
  readonly superseded: number;
  /** Sentences that say what must not be so. */
  readonly violations: readonly string[];
}

interface Call {
  readonly id: string | null;
  readonly said: string;
}

/** A round and what came of it: the deploys set the profile while calls for earlier ones still go on. */
export async function overlap(host: Host, round: number, size: Overlap): Promise<Tally> {
  const targets: string[] = [];
  for (let deploy = 0; deploy < size.deploys; deploy++) {
    // Never the system that ran before: to set the profile to that one asks for a rollback.
    const label = `deploy-${(round * size.deploys + deploy) % (3 * size.deploys)}`;
    targets.push(await host.buildToplevel(systemSpec({ label })));
  }
  const before = new Set(await idsOf(host));
  const calls = await callAll(host, targets, size.calls / size.deploys);
  const accepted = calls.flatMap(({ id }) => (id === null ? [] : [id]));
  const last = targets.at(-1) ?? "";
  const newest = await newestRecord(host);
  await ended(host, newest.id, 90_000);
  const records = await Promise.all(accepted.map(async (id) => await ended(host, id, 90_000)));
  const left = (await idsOf(host)).filter((id) => !before.has(id) && !accepted.includes(id));
  const states = records.map(({ state }) => state);
  return {
    accepted: accepted.length,
    refused: calls.length - accepted.length,
    live: states.filter((state) => state === "live").length,
    superseded: states.filter((state) => state === "superseded").length,
    violations: [
      ...calls.flatMap(whyWronglyRefused),
      ...(await violationsOfNewest(host, newest.id, accepted, last)),
      ...records.flatMap((record) => wrongEnd(record, accepted, targets)),
      ...left.map((id) => `${id} was left by a call that was refused`),
      ...(await leftOver(host)),
    ],
  };
}

async function callAll(host: Host, targets: readonly string[], each: number): Promise<Call[]> {
  const deploys = targets.map((target) => {
    const words = call(target, "--delay", "1", "--json").join(" ");
    return `nix-env -p /nix/var/nix/profiles/system --set ${target}
      for i in $(seq ${each}); do
        n=$((n + 1))
        { code=0; ${words} >/root/calls/$n.out 2>/root/calls/$n.err || code=$?
          echo $code >/root/calls/$n.code; } &
      done`;
  });
  const said = await host.shell(
    `rm -rf /root/calls; mkdir /root/calls; n=0
    ${deploys.join("\n")}
    wait
    for i in $(seq $n); do
      echo "$(cat /root/calls/$i.code) $(cat /root/calls/$i.out) $(tr '\\n' ' ' </root/calls/$i.err)"
    done`,
    { timeoutMs: 110_000 },
  );
  return said
    .trimEnd()
    .split("\n")
    .map((line) => ({
      id: line.startsWith("0 ") ? (/"id":"([^"]+)"/.exec(line)?.[1] ?? null) : null,
      said: line,
    }));
}

function whyWronglyRefused({ id, said }: Call): string[] {
  const isTrue = id !== null || /^4 .*in the meantime by another deploy/.test(said);
  return isTrue ? [] : [`a call ended with: ${said}`];
}

async function violationsOfNewest(
  host: Host,
  newest: string,
  accepted: readonly string[],
  target: string,
): Promise<string[]> {
  const { state, target: its } = await recordOf(host, newest);
  const { current, profile } = await host.facts();
  return [
    ...(accepted.includes(newest) ? [] : [`the newest, ${newest}, was not accepted`]),
    ...(state === "live" && its === target ? [] : [`the newest, ${newest}, is ${state}: ${its}`]),
    ...(current === target && profile === target ? [] : [`${current} runs, not ${target}`]),
  ];
}

/** It may be superseded by another one that was accepted, or by a deploy of the round that set the profile. */
function wrongEnd(
  { id, state, outcome }: FinalizationRecord,
  accepted: readonly string[],
  targets: readonly string[],
): string[] {
  if (state === "live") return [];
  const why = outcome?.reason ?? "";
  const [, by, moved] = /^(?:superseded by (.+)|the profile moved to (.+))$/.exec(why) ?? [];
  const isTrue = accepted.includes(by ?? "") || targets.includes(moved ?? "");
  return state === "superseded" && isTrue ? [] : [`${id} is ${state}: ${why}`];
}

async function leftOver(host: Host): Promise<string[]> {
  const quiet = async (): Promise<boolean> => (await found(host)) === "";
  await host.until("nothing is left", quiet, { deadlineMs: 30_000 }).catch(() => {});
  const left = await found(host);
  return left === "" ? [] : [`left over: ${left}`];
}

async function found(host: Host): Promise<string> {
  const text = await host.shell(`shopt -s nullglob
    for it in /nix/var/nix/gcroots/deploy-finalize/* /run/systemd/transient/deploy-finalize-* \\
      ${STATE_DIR}/*.tmp; do echo -n "$it "; done`);
  return text.trim();
}
