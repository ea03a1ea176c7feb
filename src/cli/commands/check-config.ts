import { jsonLine } from "../../core/printable.ts";
import { type ConfigProblem, type ReadConfig, readConfig } from "../../core/config/parse-config.ts";
import { EXIT } from "../../core/outcome.ts";
import type { CheckConfigJson } from "../../json/commands.ts";
import { type Cli, newCommand, withJson } from "../command.ts";
import { type CommonOptions, complain, type Context, print } from "../context.ts";
import { readConfigText } from "../shared/load-config.ts";

interface CheckConfigOptions extends CommonOptions {
  readonly optionPrefix?: string;
  readonly json?: true;
}

export function addCheckConfig(cli: Cli): void {
  withJson(newCommand(cli, "check-config").argument("<file>", "the configuration file to check"))
    .description("check a configuration file and list all its errors")
    .option(
      "--option-prefix <name>",
      "put this before each key in the errors, for example services.deployFinalize",
    )
    .action((file: string, options: CheckConfigOptions) => {
      cli.end(checkConfig(cli.context, file, options));
    });
}

/** @returns the exit code: that of a usage error if the file is wrong */
function checkConfig(context: Context, file: string, options: CheckConfigOptions): number {
  const { optionPrefix } = options;
  const nameOf = (key: string): string =>
    optionPrefix === undefined ? key : `${optionPrefix}.${key}`;
  const problems = problemsOf(readConfig(readConfigText(file), nameOf));
  const isValid = problems.length === 0;
  if (options.json === true) {
    const json: CheckConfigJson = { schemaVersion: 1, file, isValid, problems };
    print(context, jsonLine(json));
  } else {
    for (const { message } of problems) complain(context, `${file}: ${message}`);
    if (isValid) print(context, `${file} is valid`);
  }
  return isValid ? EXIT.done : EXIT.usage;
}

function problemsOf(read: ReadConfig): ConfigProblem[] {
  switch (read.kind) {
    case "config":
      return [];
    case "not-json":
      return [{ key: null, message: `not JSON: ${read.why}` }];
    case "wrong":
      return [...read.problems];
  }
}
