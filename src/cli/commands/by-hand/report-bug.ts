import { lstatSync } from "node:fs";
import { resolve } from "node:path";
import { messageOf, Refusal } from "../../../core/refusal.ts";
import { replaceFile } from "../../../host/files/durable.ts";
import type { ReportBugJson } from "../../../json/report-bug.ts";
import { type BugReport, collectBugReport } from "../../bug-report/collect.ts";
import { acts, type Cli, newCommand, readPath, withId, withJson } from "../../command.ts";
import { openServices } from "../../compose.ts";
import { type CommonOptions, type Context, printResult } from "../../context.ts";
import { requireRoot } from "../../shared/guards.ts";

interface ReportBugOptions extends CommonOptions {
  readonly output?: string;
}

export function addReportBug(cli: Cli): void {
  withJson(withId(newCommand(cli, "report-bug")))
    .description("collect what a bug report needs, without secrets")
    .option("--output <file>", "write the report to this file", readPath)
    .action(acts(cli, reportBug));
}

async function reportBug(
  context: Context,
  wanted: string | undefined,
  options: ReportBugOptions,
): Promise<void> {
  // Another user cannot read the secrets, and so cannot find them in the text.
  requireRoot(context, "a bug report");
  const services = await openServices(context, options);
  const report = await collectBugReport({
    ...services,
    context,
    wanted,
    configFile: options.config,
  });
  const file = options.output === undefined ? null : resolve(options.output);
  if (file !== null) write(file, report, context);
  printResult(
    context,
    options,
    (): ReportBugJson => ({ schemaVersion: 1, file, ...report }),
    () => (file === null ? inWords(report, context) : [`${file}: read it before you send it`]),
  );
}

function write(file: string, report: BugReport, context: Context): void {
  const there = lstatSync(file, { throwIfNoEntry: false });
  // A device such as /dev/null would be replaced by the report.
  if (there !== undefined && !there.isFile()) {
    throw new Refusal(`${file} is not a regular file. Name a new file, or leave out --output.`);
  }
  try {
    replaceFile(file, `${inWords(report, context).join("\n")}\n`);
  } catch (error) {
    throw new Refusal(`cannot write the report: ${messageOf(error)}`);
  }
}

/** Indented, so that a forge shows each part as it is. */
function inWords({ id, parts }: BugReport, { hostName, now }: Context): string[] {
  return [
    `# deploy-finalize on ${hostName}: ${id ?? "no finalization"}`,
    "",
    `Made at ${now().toISOString()}. Secrets that the configuration names, and texts that look like`,
    "secrets, are replaced by ***. Read all of it before you send it: it has names of this host.",
    ...parts.flatMap(({ title, text }) => [
      "",
      `## ${title}`,
      "",
      ...text.split("\n").map((line) => (line === "" ? "" : `    ${line}`)),
    ]),
  ];
}
