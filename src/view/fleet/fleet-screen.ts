import { endOfPast } from "../../core/fleet/past-end.ts";
import type { PastRollout } from "../../core/fleet/rollout.ts";
import { printable } from "../../core/printable.ts";
import type { FleetJson, RolloutJson, WaveJson } from "../../json/fleet.ts";
import { hanging } from "../explain-parts.ts";
import { type Mark, paint, type Style, symbol } from "../style.ts";
import { padEnd, widthOf, wrap } from "../text.ts";
import { forPeople } from "../timeline.ts";
import { ago } from "./ago.ts";
import { bar } from "./bar.ts";
import {
  allHosts,
  countsInWords,
  countsOf,
  currentWave,
  progressInWords,
  shortName,
} from "./counts.ts";
import { hostTable } from "./host-table.ts";
import { pastInWords } from "./past.ts";

/** The rollout of a group: what it is, its waves as bars, and its hosts. */
export function fleetScreen(
  style: Style,
  now: Date,
  fleet: FleetJson,
  shown: "all" | "notable",
): string[] {
  const { group, rollout, waves, unknown } = fleet;
  const where = `group ${group} at ${fleet.server.join(", ")}`;
  if (unknown !== null || waves === null) {
    const why = `the rollout is unknown: ${unknown ?? "etcd did not say"}`;
    return [...hanging(style, `${symbol(style, "bad")} `, why), ...dimmed(style, where)];
  }
  if (rollout === null) return ["no rollout yet", ...dimmed(style, where)];
  return [
    ...heading(style, now, fleet, rollout),
    ...dimmed(style, where),
    "",
    ...waveLines(style, waves),
    "",
    ...hostTable(style, now, waves, shown),
    ...whatNext(style, rollout),
  ];
}

/** While a rollout that is followed by its name has not begun. */
export function awaitedScreen(style: Style, name: string, { group, server }: FleetJson): string[] {
  const text = `rollout ${shortName({ name })} has not begun yet: no host has joined it`;
  const where = `group ${group} at ${server.join(", ")}`;
  return [...hanging(style, `${symbol(style, "waiting")} `, text), ...dimmed(style, where)];
}

/** Shown if a newer rollout has replaced the rollout that is followed by its name. */
export function pastScreen(
  style: Style,
  past: PastRollout,
  by: string,
  { group, server }: FleetJson,
): string[] {
  const mark = endOfPast(past).kind === "live" ? "good" : "bad";
  const text = `rollout ${shortName(past)} ${pastInWords(past, by)}`;
  const where = `group ${group} at ${server.join(", ")}`;
  return [...hanging(style, `${symbol(style, mark)} `, text), ...dimmed(style, where)];
}

function heading(style: Style, now: Date, fleet: FleetJson, rollout: RolloutJson): string[] {
  const name = shortName(rollout);
  const text = `rollout ${name}: ${progressInWords(fleet)}`;
  const mark = markOf(fleet, rollout);
  const [first = "", ...rest] = hanging(style, `${symbol(style, mark)} `, text);
  const bold = first.replace(printable(name), (found) => paint(style, "bold", found));
  const { startedAt, startedBy, halt, resumed } = rollout;
  const again =
    halt === null && resumed !== null ? `; resumed ${ago(resumed.at, now)} by ${resumed.by}` : "";
  const started = `started ${ago(startedAt, now)} by ${startedBy}${failuresInWords(rollout)}${again}`;
  return [bold, ...rest, ...hanging(style, "  ", started), ...haltLines(style, now, rollout)];
}

/** Complete is good only if every host is live. */
function markOf(fleet: FleetJson, { halt }: RolloutJson): Mark {
  if (halt !== null) return "bad";
  if (currentWave(fleet) !== null) return "busy";
  const hosts = allHosts(fleet);
  return countsOf(hosts).live === hosts.length ? "good" : "warning";
}

function failuresInWords({ failures }: RolloutJson): string {
  const forgiven = failures.filter(({ isForgiven }) => isForgiven).length;
  if (failures.length === 0) return "";
  const all = failures.length === 1 ? "; 1 failure" : `; ${failures.length} failures`;
  if (forgiven === 0) return all;
  return forgiven === failures.length ? `${all}, forgiven` : `${all}, ${forgiven} forgiven`;
}

const HALTED = "halted";

function haltLines(style: Style, now: Date, { halt }: RolloutJson): string[] {
  if (halt === null) return [];
  const text = `${HALTED} ${ago(halt.at, now)} by ${halt.by}: ${halt.why}`;
  const [first = "", ...rest] = hanging(style, "  ", forPeople(style, text, now));
  return [first.replace(HALTED, paint(style, "red", HALTED)), ...rest];
}

const NEXT: Readonly<Record<NonNullable<RolloutJson["halt"]>["kind"], string>> = {
  failures:
    "Hosts that have not begun to act wait. Deploy a fix: it starts again at the lowest wave. To go on with this rollout: deploy-finalize fleet resume",
  missing:
    "Hosts that have not begun to act wait. If a host will not come back: deploy-finalize fleet forget HOST. To go on: deploy-finalize fleet resume",
  operator: "Hosts that have not begun to act wait. To go on: deploy-finalize fleet resume",
};

function whatNext(style: Style, { halt }: RolloutJson): string[] {
  return halt === null ? [] : ["", ...wrap(style, NEXT[halt.kind], style.width)];
}

const BAR_COLUMNS = 20;

/** With more waves, those that are complete or have not begun share lines. */
const MOST_WAVES = 12;

function waveLines(style: Style, waves: readonly WaveJson[]): string[] {
  const lines = linesOf(waves);
  const names = lines.map(({ name }) => name);
  const width = Math.max(...names.map((name) => widthOf(name)));
  return lines.flatMap(({ name, hosts }) =>
    hanging(
      style,
      `${padEnd(name, width)}  ${padEnd(bar(style, hosts, BAR_COLUMNS), BAR_COLUMNS)}  `,
      countsInWords(hosts),
    ),
  );
}

type Line = { readonly name: string } & Pick<WaveJson, "hosts">;

function linesOf(waves: readonly WaveJson[]): Line[] {
  if (waves.length <= MOST_WAVES) return waves.map((wave) => joined([wave]));
  const begin = waves.findIndex(({ isComplete }) => !isComplete);
  const first = begin < 0 ? waves.length : begin;
  const middle = waves.slice(first, first + MOST_WAVES - 2);
  const last = waves.slice(first + MOST_WAVES - 2);
  return [waves.slice(0, first), ...middle.map((wave) => [wave]), last]
    .filter((some) => some.length > 0)
    .map(joined);
}

function joined(waves: readonly WaveJson[]): Line {
  const numbers = waves.map(({ wave }) => wave);
  const [from, to] = [numbers[0] ?? 0, numbers.at(-1) ?? 0];
  const name = from === to ? `wave ${from}` : `waves ${from} to ${to}`;
  return { name, hosts: waves.flatMap(({ hosts }) => hosts) };
}

function dimmed(style: Style, text: string): string[] {
  return hanging(style, "  ", text).map((line) => paint(style, "dim", line));
}
