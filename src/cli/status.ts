import { EXIT } from "../core/outcome.ts";
import { type Cli, newCommand, withId, withJson } from "./command.ts";
import { type CommonOptions, type Context, print, styleOf } from "./context.ts";
import { followStatus } from "./follow-status.ts";
import { loadConfig } from "./load-config.ts";
import { ask, lookAtStatus, toStatusJson } from "./looking.ts";
import { statusScreen } from "../view/status-screen.ts";

interface StatusOptions extends CommonOptions {
  readonly json?: true;
  readonly follow?: true;
}

export function addStatus(cli: Cli): void {
  withJson(withId(newCommand(cli, "status")))
    .description("show what happened, what is going on and what comes next")
    .option("-f, --follow", "go on showing it until it has ended")
    .action(async (id: string | undefined, options: StatusOptions) => {
      cli.end(await status(cli.context, id, options));
    });
}

/** Shows how a finalization and the host stand. */
async function status(
  context: Context,
  wanted: string | undefined,
  options: StatusOptions,
): Promise<number> {
  const asked = ask(context, await loadConfig(options), wanted, options);
  if (options.follow === true) return await followStatus(asked, options.json ? "json" : "screen");
  const seen = await lookAtStatus(asked);
  const lines =
    options.json === true
      ? [JSON.stringify(toStatusJson(seen))]
      : statusScreen(styleOf(context), seen);
  for (const line of lines) print(context, line);
  return seen.finalization.kind === "hidden" ? EXIT.failed : EXIT.done;
}
