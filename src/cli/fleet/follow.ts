import { endOfPast } from "../../core/fleet/past-end.ts";
import { jsonLine, printableLine } from "../../core/printable.ts";
import { EXIT } from "../../core/outcome.ts";
import { Refusal } from "../../core/refusal.ts";
import { pause, unlessEnded } from "../../host/process/time.ts";
import type { RolloutServer } from "../../fleet/rollouts/rollout-server.ts";
import type { FleetJson } from "../../json/fleet.ts";
import { courseOf, shortName } from "../../view/fleet/counts.ts";
import { FleetChanges } from "../../view/fleet/fleet-changes.ts";
import { awaitedScreen, fleetScreen, pastScreen } from "../../view/fleet/fleet-screen.ts";
import { pastInWords } from "../../view/fleet/past.ts";
import { changeLine } from "../../view/headline.ts";
import { drawMode } from "../../view/style.ts";
import { type Context, print, styleOf } from "../context.ts";
import { Repainter } from "../shared/terminal.ts";
import { lookAtFleet, toRolloutJson } from "./look.ts";
import { type Arrival, NamedRollout } from "./named-rollout.ts";
import type { FleetPlace } from "./place.ts";

export interface Following {
  readonly output: "screen" | "json";
  readonly shown: "all" | "notable";
  /** The name of a rollout to wait for; null for the present one. */
  readonly rollout: string | null;
}

/** In a large group something changes all the time, and each look reads all of its hosts. */
const BETWEEN_LOOKS_MS = 500;

type Mode = "json" | ReturnType<typeof drawMode>;

/** The screen shows ages, so it is drawn again this often. */
const REDRAW_MS = 1000;

/**
 * Shows the rollout until all hosts have ended, or until it is halted and nothing moves: in place
 * on a terminal that can do so, else one line for each change.
 *
 * @returns 1 if it is halted, if a host has failed, or if it was unknown at the first look
 * @throws Refusal if another rollout has replaced the named one before it was live
 */
export async function followFleet(place: FleetPlace, following: Following): Promise<number> {
  const { context, server } = place;
  const stop = context.stopSignal("stop");
  const mode = following.output === "json" ? "json" : drawMode(context.terminal(), context.env);
  const show = showing(context, mode, following.shown);
  const { rollout } = following;
  const named =
    rollout === null
      ? null
      : new NamedRollout(rollout, server, (await place.ownDeploy?.()) ?? null);
  for (let isFirst = true; ; isFirst = false) {
    const looked = await lookAtFleet(place);
    const arrival =
      named === null || looked.unknown !== null ? PRESENT : await named.arrival(looked);
    if (arrival.kind === "past") return endedInPast(arrival, looked, show);
    const seen = arrival.kind === "unknown" ? unknownFor(looked, arrival.why) : looked;
    const awaited = arrival.kind === "awaited" ? rollout : null;
    const exitCode = awaited === null ? exitCodeAt(seen, isFirst ? "first" : "later") : null;
    const draw = (at: "more" | "last"): void => {
      if (awaited === null) show.fleet(seen, at);
      else show.awaited(awaited, seen);
    };
    if (!stop.aborted) draw(exitCode === null ? "more" : "last");
    if (exitCode !== null) return exitCode;
    await redrawUntil(nextNews(server, seen, stop), mode, stop, () => {
      draw("more");
    });
    await pause(BETWEEN_LOOKS_MS, stop);
    if (stop.aborted) return context.isReaderGone() ? EXIT.done : EXIT.unfinished;
  }
}

const PRESENT: Arrival = { kind: "present" };

/** Where the named rollout is cannot be told. */
function unknownFor(seen: FleetJson, why: string): FleetJson {
  return { ...seen, rollout: null, waves: null, unknown: why };
}

/**
 * A rollout is replaced also after it has ended, even between two looks.
 *
 * @throws Refusal unless it ended live
 */
function endedInPast({ past, by }: PastArrival, seen: FleetJson, show: Show): number {
  const isLive = endOfPast(past).kind === "live";
  show.past({ past, by }, seen);
  if (isLive) return EXIT.done;
  const words = printableLine(
    `rollout ${past.name} of group ${seen.group} ${pastInWords(past, by)}`,
  );
  throw new Refusal(words);
}

type PastArrival = Pick<Extract<Arrival, { kind: "past" }>, "past" | "by">;

/** Somebody looks on: an etcd that is away is asked more often than a host that waits asks it. */
const RETRY_MS = 5000;

async function nextNews(
  server: RolloutServer,
  { unknown }: FleetJson,
  stop: AbortSignal,
): Promise<void> {
  await unlessEnded(
    stop,
    async (signal) => {
      await server.change(signal, "everything");
    },
    async (signal) => {
      await pause(unknown === null ? Infinity : RETRY_MS, signal);
    },
  );
}

/** Null while there is more to see. An etcd that is away for a while does not end it. */
function exitCodeAt(seen: FleetJson, look: "first" | "later"): number | null {
  switch (courseOf(seen)) {
    case "none":
    case "complete":
      return EXIT.done;
    case "ended-with-failures":
    case "halted":
      return EXIT.failed;
    case "unknown":
      return look === "first" ? EXIT.failed : null;
    case "goes-on":
    case "halting":
      return null;
  }
}

async function redrawUntil(
  change: Promise<void>,
  mode: Mode,
  stop: AbortSignal,
  redraw: () => void,
): Promise<void> {
  if (mode !== "in-place") {
    await change;
    return;
  }
  const over = new AbortController();
  const ended = change.finally(() => {
    over.abort();
  });
  const signal = AbortSignal.any([stop, over.signal]);
  while (!signal.aborted) {
    await pause(REDRAW_MS, signal);
    if (!signal.aborted) redraw();
  }
  await ended;
}

interface Show {
  readonly fleet: (seen: FleetJson, place: "more" | "last") => void;
  /** In the place of another rollout while the named one has not begun. */
  readonly awaited: (name: string, seen: FleetJson) => void;
  /** The last one, in the place of another rollout that has replaced the named one. */
  readonly past: (arrival: PastArrival, seen: FleetJson) => void;
}

function showing(context: Context, mode: Mode, shown: Following["shown"]): Show {
  switch (mode) {
    case "json":
      return jsonLines(context);
    case "in-place":
      return screen(context, shown);
    case "line-by-line":
      return changeLines(context);
  }
}

function screen(context: Context, shown: Following["shown"]): Show {
  const repainter = new Repainter(context.stdout);
  return {
    fleet: (seen, place) => {
      const lines = fleetScreen(styleOf(context), context.now(), seen, shown);
      const rows = context.terminal()?.rows;
      repainter.paint(place === "last" || rows === undefined ? lines : lines.slice(0, rows - 1));
    },
    awaited: (name, seen) => {
      repainter.paint(awaitedScreen(styleOf(context), name, seen));
    },
    past: ({ past, by }, seen) => {
      repainter.paint(pastScreen(styleOf(context), past, by, seen));
    },
  };
}

function changeLines(context: Context): Show {
  const changes = new FleetChanges();
  let isSaid = false;
  return {
    fleet: (seen) => {
      for (const { at, what, detail } of changes.since(seen, context.now())) {
        print(context, changeLine(at, what, detail));
      }
    },
    awaited: (name) => {
      if (isSaid) return;
      isSaid = true;
      const what = `rollout ${shortName({ name })}`;
      print(context, changeLine(context.now().toISOString(), what, "has not begun yet"));
    },
    past: ({ past, by }) => {
      const what = `rollout ${shortName(past)}`;
      print(context, changeLine(context.now().toISOString(), what, pastInWords(past, by)));
    },
  };
}

/** A rollout that was not asked for is no line. */
function jsonLines(context: Context): Show {
  let printed = "";
  return {
    fleet: (seen) => {
      const line = jsonLine(seen);
      if (line !== printed) print(context, line);
      printed = line;
    },
    awaited: () => {},
    past: ({ past }, seen) => {
      print(context, jsonLine({ ...seen, rollout: toRolloutJson(past), waves: null }));
    },
  };
}
