import { EXIT } from "../core/outcome.ts";
import { isTerminal } from "../core/states.ts";
import { nextChange } from "../gates/watch.ts";
import { fingerprint } from "../host/finalization-now.ts";
import { statusScreen, type StatusNow } from "../view/status-screen.ts";
import { wayToDraw } from "../view/style.ts";
import { ChangeTeller, drawChange } from "./changes.ts";
import { print, styleOf } from "./context.ts";
import { type Asked, lookAtStatus, toStatusJson } from "./looking.ts";
import { OrphanWatch } from "./orphan-watch.ts";
import { Repainter } from "./repainter.ts";

/** On a terminal the ages on the screen grow, so it is drawn anew this often. */
const REDRAW_MS = 1000;

/**
 * Shows the status until the finalization has ended: on a terminal that can do so in place,
 * elsewhere one line for each change.
 */
export async function followStatus(asked: Asked, output: "screen" | "json"): Promise<number> {
  const { context, host, store } = asked;
  const stop = context.stopSignal("stop");
  const drawn = output === "json" ? "line-by-line" : wayToDraw(context.terminal(), context.env);
  const show = output === "json" ? jsonLines(asked) : SHOWS[drawn](asked);
  let orphans: OrphanWatch | null = null;
  // Named once: a newer finalization must not take the place of the one that is looked at.
  let meant = asked;
  for (;;) {
    const before = meant.wanted === undefined ? "" : fingerprint(store, meant.wanted);
    const seen = await lookAtStatus(meant);
    const { finalization } = seen;
    const isOver = finalization.kind !== "known" || isTerminal(finalization.record.state);
    show(seen, isOver ? "last" : "more");
    if (isOver) return finalization.kind === "hidden" ? EXIT.failed : EXIT.done;
    const { id } = finalization.record;
    meant = { ...asked, wanted: id };
    // The screen itself tells that nobody drives it.
    if (drawn === "line-by-line") await (orphans ??= new OrphanWatch(host, store, id)).look();
    const ticks = drawn === "in-place" ? [AbortSignal.timeout(REDRAW_MS)] : [];
    const changed = (): boolean => before !== "" && fingerprint(store, id) !== before;
    await nextChange(store.folder, changed, AbortSignal.any([stop, ...ticks]));
    if (stop.aborted) return context.isReaderGone() ? EXIT.done : EXIT.unfinished;
  }
}

type Show = (seen: StatusNow, place: "more" | "last") => void;

function screen({ context }: Asked): Show {
  const repainter = new Repainter(context.stdout);
  return (seen, place) => {
    const lines = statusScreen(styleOf(context), seen);
    const rows = context.terminal()?.rows;
    repainter.paint(place === "last" || rows === undefined ? lines : lines.slice(0, rows - 1));
  };
}

function changeLines({ context }: Asked): Show {
  const teller = new ChangeTeller();
  const style = styleOf(context);
  return (seen) => {
    if (seen.finalization.kind !== "known") {
      for (const line of statusScreen(style, seen)) print(context, line);
      return;
    }
    for (const change of teller.tell(seen.finalization)) {
      print(context, drawChange(style, seen.now, change));
    }
  };
}

const SHOWS = { "in-place": screen, "line-by-line": changeLines } as const;

/** Ages do not count as a change. */
function jsonLines({ context }: Asked): Show {
  let last = "";
  return (seen) => {
    const { summary, ...facts } = toStatusJson(seen);
    const text = JSON.stringify(facts);
    if (text !== last) print(context, JSON.stringify({ ...facts, summary }));
    last = text;
  };
}
