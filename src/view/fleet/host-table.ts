import type { FleetHostJson, WaveJson } from "../../json/fleet.ts";
import { hanging } from "../explain-parts.ts";
import { type Mark, paint, paintMark, type Style, symbol } from "../style.ts";
import { type Cell, table } from "../table.ts";
import { forPeople } from "../timeline.ts";
import { ago } from "./ago.ts";
import { type Standing, standingOf } from "./counts.ts";

/** A group of so many hosts is shown whole. */
const FEW_HOSTS = 30;

/** In a larger group, a wave shows at most so many of its hosts that are in trouble or in motion. */
const MOST_OF_WAVE = 10;
const MOST_NOTABLE = 40;

interface Row {
  readonly wave: number;
  readonly host: FleetHostJson;
}

/**
 * The hosts, one a line; the reason of a host, or of the hosts of a wave that have the same one,
 * stands below.
 */
export function hostTable(
  style: Style,
  now: Date,
  waves: readonly WaveJson[],
  shown: "all" | "notable",
): string[] {
  const all = waves.flatMap(({ wave, hosts }) => hosts.map((host) => ({ wave, host })));
  const rows = shown === "all" || all.length <= FEW_HOSTS ? all : notable(waves);
  const left = all.length - rows.length;
  const more = `${rows.length === 0 ? "" : "and "}${left} ${rows.length === 0 ? "" : "more "}${left === 1 ? "host" : "hosts"}; to list all: --all`;
  return [
    ...(rows.length === 0 ? [] : draw(style, now, rows)),
    ...(left === 0 ? [] : hanging(style, "  ", more).map((line) => paint(style, "dim", line))),
  ];
}

const COLUMNS = [
  { title: "" },
  { title: "WAVE", align: "right" },
  { title: "HOST", shrink: "end" },
  { title: "STATE" },
  { title: "GEN", align: "right" },
  { title: "SINCE", shrink: "end" },
] as const;

const INDENT = " ".repeat(9);

function draw(style: Style, now: Date, rows: readonly Row[]): string[] {
  const [head = "", ...lines] = table(
    style,
    COLUMNS,
    rows.map((row) => cellsOf(style, now, row)),
  );
  const drawn = lines.flatMap((line, index) => {
    const row = rows[index];
    if (row === undefined) return [line];
    const why = whyBelow(row, rows[index + 1]);
    return why === null ? [line] : [line, ...hanging(style, INDENT, forPeople(style, why, now))];
  });
  return [head, ...drawn];
}

/** Nothing if the next host of the wave has the same reason: it stands below the last one. */
function whyBelow({ wave, host }: Row, next: Row | undefined): string | null {
  if (host.why === null || host.why.trim() === "") return null;
  const isSame =
    next?.wave === wave && next.host.why === host.why && standingOf(next.host) === standingOf(host);
  return isSame ? null : host.why;
}

function cellsOf(style: Style, now: Date, { wave, host }: Row): Cell[] {
  const standing = standingOf(host);
  const mark = MARKS[standing];
  return [
    { text: " ", paint: () => symbol(style, mark) },
    String(wave),
    {
      text: host.host,
      paint: (text) => (host.isThisHost ? paint(style, "bold", text) : text),
    },
    { text: standing, paint: (text) => paintMark(style, mark, text) },
    host.generation === null ? "-" : String(host.generation),
    host.since === null ? "" : ago(host.since, now),
  ];
}

const MARKS: Readonly<Record<Standing, Mark>> = {
  live: "good",
  failed: "bad",
  soaking: "busy",
  acting: "busy",
  waiting: "waiting",
  "left out": "dropped",
  cancelled: "warning",
  "not joined": "warning",
};

/** In trouble first, then in motion. */
const NOTABLE: readonly Standing[] = ["failed", "acting", "soaking"];

/** The same in the wave that the others wait for: each of its hosts holds them up. */
const AWAITED: readonly Standing[] = [
  "failed",
  "cancelled",
  "not joined",
  "acting",
  "soaking",
  "waiting",
];

function notable(waves: readonly WaveJson[]): Row[] {
  const awaited = waves.find(({ isComplete }) => !isComplete);
  const rows = waves.flatMap((one) =>
    (one === awaited ? AWAITED : NOTABLE)
      .flatMap((standing) => one.hosts.filter((host) => standingOf(host) === standing))
      .slice(0, MOST_OF_WAVE)
      .map((host) => ({ wave: one.wave, host })),
  );
  return rows.slice(0, MOST_NOTABLE);
}
