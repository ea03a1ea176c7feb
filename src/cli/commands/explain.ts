import { resolve } from "node:path";
import { ciRunOf } from "../shared/ci-run.ts";
import { EXIT } from "../../core/outcome.ts";
import { explain as lookAhead, type RecordsSeen } from "../../explain/explain.ts";
import type { RecordStore } from "../../state-dir/store.ts";
import { explainScreen } from "../../view/explain-screen.ts";
import { acts, type Cli, newCommand, readPath, withJson } from "../command.ts";
import { type CommonOptions, type Context, printResult, styleOf } from "../context.ts";
import { loadConfigToSchedule } from "../shared/load-config.ts";
import { runCommand } from "../shared/own-command.ts";
import { accessTo } from "../shared/guards.ts";
import { requesterOf } from "../shared/requests.ts";
import { openServices } from "../compose.ts";

interface ExplainOptions extends CommonOptions {
  readonly profile?: string;
}

export function addExplain(cli: Cli): void {
  withJson(newCommand(cli, "explain"))
    .description("show what schedule would do now and why; change nothing")
    .option("--profile <path>", "the profile with the system to activate", readPath)
    .action(acts(cli, explain));
}

/** Explains what `schedule` would do now; fails if it would refuse. */
async function explain(context: Context, options: ExplainOptions): Promise<number> {
  const loaded = await loadConfigToSchedule(options);
  const { host, store } = await openServices(context, options);
  const profile = options.profile === undefined ? loaded.profile : resolve(options.profile);
  const explanation = await lookAhead(host, {
    config: { ...loaded, profile },
    configuredProfile: loaded.profile,
    configFile: options.config === undefined ? null : resolve(options.config),
    random: context.random,
    hostName: context.hostName,
    requester: requesterOf(context),
    forgeRun: await ciRunOf(context),
    run: runCommand(context, loaded, options),
    user: context.userId === 0 ? "root" : "other",
    records: await readRecords(store),
  });
  printResult(
    context,
    options,
    () => explanation,
    () => explainScreen(styleOf(context), explanation, context.now()),
  );
  return explanation.decision.action === "refuse" ? EXIT.failed : EXIT.done;
}

/** Without broken records; `history` shows those. */
async function readRecords(store: RecordStore): Promise<RecordsSeen> {
  const access = accessTo(store);
  if (access.kind === "denied") return { kind: "hidden", why: access.why };
  return { kind: "known", records: await store.all() };
}
