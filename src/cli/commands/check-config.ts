import { jsonLine } from "../../core/printable.ts";
import type { Config } from "../../core/config/config.ts";
import {
  type ConfigProblem,
  type NameOf,
  type ReadConfig,
  readConfig,
} from "../../core/config/parse-config.ts";
import type { Host } from "../../host/process/host.ts";
import { hostOf } from "../compose.ts";
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
    .action(async (file: string, options: CheckConfigOptions) => {
      cli.end(await checkConfig(cli.context, file, options));
    });
}

/** @returns the exit code: that of a usage error if the file is wrong */
async function checkConfig(
  context: Context,
  file: string,
  options: CheckConfigOptions,
): Promise<number> {
  const { optionPrefix } = options;
  const text = readConfigText(file);
  const nameOf: NameOf =
    optionPrefix === undefined ? (key) => key : (key) => `${optionPrefix}.${byName(text, key)}`;
  const read = readConfig(text, nameOf);
  const problems =
    read.kind === "config"
      ? await windowProblems(hostOf(context, options), read.config, nameOf)
      : problemsOf(read);
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

/** In the options, entries of these lists have names. */
const ENTRY = /^(verify\.checks|report\.receivers)\.(\d+)/;

/** A key with the name of its entry in place of the index, if the entry has one. */
function byName(text: string, key: string): string {
  return key.replace(ENTRY, (found, list: string, index: string) => {
    const entry = [...list.split("."), index].reduce<unknown>(at, JSON.parse(text));
    const name = at(entry, "name");
    return typeof name === "string" ? `${list}.${name}` : found;
  });
}

function at(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined;
}

/** systemd decides about a calendar. */
async function windowProblems(
  host: Host,
  config: Config,
  nameOf: NameOf,
): Promise<ConfigProblem[]> {
  const problems: ConfigProblem[] = [];
  for (const act of ["reboot", "switch"] as const) {
    const { window } = config[act];
    if (window === null) continue;
    const { checkWindows } = await import("../../host/systemd/check-window.ts");
    for (const { index, why } of await checkWindows(host, window)) {
      const place = window.length > 1 && index !== null ? `.${index}` : "";
      const only = index === null ? undefined : window[index]?.start;
      const key = nameOf(`${act}.window${place}${only === undefined ? "" : ".start"}`);
      problems.push({ key, message: `${key}${only === undefined ? "" : ` (${only})`}: ${why}` });
    }
  }
  return problems;
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
