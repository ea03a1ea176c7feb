import { resolve } from "node:path";
import { forgeRunOf } from "../core/forge-run.ts";
import { EXIT } from "../core/outcome.ts";
import type { FinalizationRecord } from "../core/record.ts";
import { explain as lookAhead, type KnownRecords } from "../host/explaining.ts";
import { RecordStore } from "../host/store.ts";
import { explainScreen } from "../view/explain-screen.ts";
import { type Cli, newCommand, withJson, readPath } from "./command.ts";
import { type CommonOptions, type Context, hostOf, print, styleOf } from "./context.ts";
import { loadConfig } from "./load-config.ts";
import { runCommand } from "./own-command.ts";
import { accessTo } from "./record-access.ts";
import { requesterOf } from "./requester.ts";

interface ExplainOptions extends CommonOptions {
  readonly json?: true;
  readonly profile?: string;
}

export function addExplain(cli: Cli): void {
  withJson(newCommand(cli, "explain"))
    .description("show what would happen, and why; changes nothing")
    .option("--profile <path>", "the profile whose system would be made the running one", readPath)
    .action(async (options: ExplainOptions) => {
      cli.end(await explain(cli.context, options));
    });
}

/** Explains what `schedule` would do now; fails where it would refuse. */
async function explain(context: Context, options: ExplainOptions): Promise<number> {
  const loaded = await loadConfig(options);
  const profile = options.profile === undefined ? loaded.profile : resolve(options.profile);
  const explanation = await lookAhead(hostOf(context, options), {
    config: { ...loaded, profile },
    configFile: options.config === undefined ? null : resolve(options.config),
    random: context.random,
    hostName: context.hostName,
    requester: requesterOf(context),
    forgeRun: forgeRunOf(context.env),
    run: runCommand(context, loaded, options),
    user: context.userId === 0 ? "root" : "other",
    records: await readRecords(new RecordStore(loaded.stateDir)),
  });
  const lines =
    options.json === true
      ? [JSON.stringify(explanation)]
      : explainScreen(styleOf(context), explanation, context.now());
  for (const line of lines) print(context, line);
  return explanation.decision.action === "refuse" ? EXIT.failed : EXIT.done;
}

/** Those that cannot be understood tell nothing here; `history` shows them. */
async function readRecords(store: RecordStore): Promise<KnownRecords> {
  const access = accessTo(store);
  if (access.kind === "denied") return { kind: "hidden", why: access.why };
  const records: FinalizationRecord[] = [];
  for await (const record of store.newestFirst()) records.push(record);
  return { kind: "known", records };
}
