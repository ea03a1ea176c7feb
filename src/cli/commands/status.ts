import { jsonLine } from "../../core/printable.ts";
import { EXIT } from "../../core/outcome.ts";
import { isTerminal } from "../../core/states.ts";
import { fingerprint } from "../../finalize/finalization-now.ts";
import { nextChange } from "../../host/process/watch.ts";
import { type StatusNow, statusScreen } from "../../view/status-screen.ts";
import { drawMode } from "../../view/style.ts";
import { acts, type Cli, newCommand, withId, withJson } from "../command.ts";
import { openServices } from "../compose.ts";
import { type CommonOptions, type Context, print, printResult, styleOf } from "../context.ts";
import { drawChange, NewChanges, undrivenWatch } from "../shared/following.ts";
import { type Asked, lookAtStatus, toStatusJson } from "../shared/look-at-status.ts";
import { Repainter } from "../shared/terminal.ts";

interface StatusOptions extends CommonOptions {
  readonly follow?: true;
}

export function addStatus(cli: Cli): void {
  withJson(withId(newCommand(cli, "status")))
    .description("show what happened, what happens now and what happens next")
    .option("-f, --follow", "update the screen until the finalization ends")
    .action(acts(cli, status));
}

async function status(
  context: Context,
  wanted: string | undefined,
  options: StatusOptions,
): Promise<number> {
  const asked = { ...(await openServices(context, options)), context, wanted };
  if (options.follow === true) return await followStatus(asked, options.json ? "json" : "screen");
  const seen = await lookAtStatus(asked);
  printResult(
    context,
    options,
    () => toStatusJson(seen),
    () => statusScreen(styleOf(context), seen),
  );
  return seen.finalization.kind === "hidden" ? EXIT.failed : EXIT.done;
}

/** The screen shows ages, so it is drawn again this often. */
const REDRAW_MS = 1000;

/**
 * Shows the status until the finalization has ended: in place on a terminal that can do so, else
 * one line for each change.
 */
async function followStatus(asked: Asked, output: "screen" | "json"): Promise<number> {
  const { context, host, store } = asked;
  const stop = context.stopSignal("stop");
  const mode = output === "json" ? "line-by-line" : drawMode(context.terminal(), context.env);
  const show = output === "json" ? jsonLines(asked) : SHOWS[mode](asked);
  let lookAtDriver: (() => Promise<void>) | null = null;
  // Named after the first look: a newer finalization must not replace it on the screen.
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
    // The screen itself shows that nothing drives it.
    if (mode === "line-by-line") await (lookAtDriver ??= undrivenWatch(host, store, id))();
    const ticks = mode === "in-place" ? [AbortSignal.timeout(REDRAW_MS)] : [];
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
  const changes = new NewChanges();
  const style = styleOf(context);
  return (seen) => {
    const { finalization } = seen;
    const lines =
      finalization.kind === "known"
        ? changes.since(finalization).map((change) => drawChange(style, seen.now, change))
        : statusScreen(style, seen);
    for (const line of lines) print(context, line);
  };
}

const SHOWS = { "in-place": screen, "line-by-line": changeLines } as const;

/** A new age alone is not a change. */
function jsonLines({ context }: Asked): Show {
  let shown = "";
  return (seen) => {
    const { summary, ...facts } = toStatusJson(seen);
    const text = JSON.stringify(facts);
    if (text !== shown) print(context, jsonLine({ ...facts, summary }));
    shown = text;
  };
}
