import { shortDuration } from "../../core/age.ts";
import { secondsBetween } from "../../core/span.ts";
import type { FleetHistoryJson } from "../../json/fleet.ts";
import { hanging } from "../explain-parts.ts";
import { shortMoment } from "../history-screen.ts";
import { paintMark, type Style, symbol } from "../style.ts";
import { type Cell, table } from "../table.ts";
import { wrap } from "../text.ts";
import { forPeople } from "../timeline.ts";
import { printable } from "../../core/printable.ts";
import { shortName } from "./counts.ts";

const COLUMNS = [
  { title: "" },
  { title: "ROLLOUT", shrink: "end" },
  { title: "STARTED" },
  { title: "BY", shrink: "end" },
  { title: "LASTED", align: "right" },
  { title: "LIVE", align: "right" },
  { title: "END" },
] as const;

type Past = FleetHistoryJson["past"][number];

const MARKS = { live: "good", failed: "bad", halted: "bad", superseded: "dropped" } as const;

const INDENT = " ".repeat(3);

/** The rollouts that a newer one replaced, the newest first; why one was halted stands below it. */
export function fleetHistoryScreen(
  style: Style,
  now: Date,
  { group, past }: FleetHistoryJson,
): string[] {
  if (past.length === 0) {
    const text = `no rollout of group ${printable(group)} has been replaced by a newer one yet. The present one: deploy-finalize fleet status`;
    return wrap(style, text, style.width);
  }
  const [head = "", ...lines] = table(
    style,
    COLUMNS,
    past.map((one) => cellsOf(style, now, one)),
  );
  const drawn = lines.flatMap((line, index) => {
    const halt = past[index]?.halt ?? null;
    if (halt === null) return [line];
    const why = forPeople(style, `by ${halt.by}: ${halt.why}`, now);
    return [line, ...hanging(style, INDENT, why)];
  });
  return [head, ...drawn];
}

function cellsOf(style: Style, now: Date, past: Past): Cell[] {
  const { startedAt, startedBy, endedAt, live, members, end } = past;
  const mark = MARKS[end];
  return [
    { text: " ", paint: () => symbol(style, mark) },
    shortName(past),
    startOf(startedAt, now),
    startedBy,
    lasted(startedAt, endedAt),
    `${live}/${members}`,
    { text: how(past), paint: (text) => paintMark(style, mark, text) },
  ];
}

function startOf(at: string, now: Date): string {
  const moment = new Date(at);
  return Number.isNaN(moment.getTime()) ? "?" : shortMoment(moment, now);
}

function lasted(from: string, to: string): string {
  const seconds = secondsBetween(from, to);
  return Number.isFinite(seconds) ? shortDuration(seconds) : "?";
}

function how({ end, live, members }: Past): string {
  switch (end) {
    case "live":
      return live === members ? "all live" : "live";
    case "failed":
    case "halted":
      return end;
    case "superseded":
      return "replaced";
  }
}
