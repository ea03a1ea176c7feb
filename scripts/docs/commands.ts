import { EXPLANATIONS, HELP, QUIET } from "./explanations.ts";
import type { ArgumentOutline, CommandOutline, OptionOutline, Outline } from "./outline.ts";
import { MADE_BY } from "./words.ts";

/** docs/commands.md */
export function commandsPage(outline: Outline): string {
  return [
    `<!-- ${MADE_BY} -->`,
    "# Commands",
    "For everybody who types a command and wants to know what it does.",
    outline.description +
      " Without a command, `deploy-finalize` runs `schedule`. Options can also stand before the command. " +
      "Instead of an ID such as `20261122-213000-k3f9`, you can give its beginning (`20261122-21`) or its last part (`k3f9`, or only `k3`), if only one finalization fits. `run` needs the full ID. " +
      "Without an ID, a command uses the newest finalization. Four commands choose among fewer: `cancel` and `now` use the newest that has not started to act, `confirm` the newest that waits for a confirmation, and `rollback` the newest that acted. These words are explained in [how-it-works.md](how-it-works.md#words).",
    ...outline.commands.flatMap((command) => sectionOf(command)),
    `## \`deploy-finalize ${HELP.usage}\``,
    ...HELP.text,
    "## Options of every command",
    optionTable(outline.common),
    QUIET,
  ]
    .join("\n\n")
    .concat("\n");
}

function sectionOf(command: CommandOutline): string[] {
  const { name, own, description } = command;
  const given = argumentsToTell(command).map(
    (argument) => `\`${argument.usage}\`: ${sentence(argument.description)}`,
  );
  return [
    `## \`deploy-finalize ${usage(command)}\``,
    sentence(description),
    ...(EXPLANATIONS[name] ?? []),
    ...given,
    ...(own.length === 0 ? [] : [optionTable(own)]),
  ];
}

export function usage({ name, arguments: given }: CommandOutline): string {
  return [name, ...given.map((argument) => argument.usage)].join(" ");
}

/** All but the ids, of which it is told once. */
export function argumentsToTell({ arguments: given }: CommandOutline): readonly ArgumentOutline[] {
  return given.filter((argument) => !/^[<[]id[>\]]$/.test(argument.usage));
}

function optionTable(options: readonly OptionOutline[]): string {
  const rows = options.map(
    (option) => `| \`${usageOf(option)}\` | ${option.description.replaceAll("|", "\\|")} |`,
  );
  return ["| option | meaning |", "|---|---|", ...rows].join("\n");
}

export function usageOf({ names, value }: OptionOutline): string {
  return `${names.join(", ")}${value === null ? "" : ` ${value}`}`;
}

export function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`.replace(/\.\.$/, ".");
}
