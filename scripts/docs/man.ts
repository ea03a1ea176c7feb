import { argumentsToTell, sentence, usage, usageOf } from "./commands.ts";
import { EXPLANATIONS, HELP, QUIET } from "./explanations.ts";
import type { CommandOutline, OptionOutline, Outline } from "./outline.ts";

const BEGIN = "; The commands: made from the program by `make docs`, do not edit.\n";
const END = "; The end of the commands.\n";

/**
 * The man page with the part that tells of the commands made anew.
 *
 * @param page the page as it is, in scdoc(5)'s language
 * @throws RangeError where the page lacks the comments that enclose that part
 */
export function manPage(page: string, outline: Outline): string {
  const from = page.indexOf(BEGIN);
  const to = page.indexOf(END);
  if (from < 0 || to < from) throw new RangeError(`the man page lacks ${BEGIN} or ${END}`);
  return `${page.slice(0, from)}${BEGIN}\n${commandsPart(outline)}\n${page.slice(to)}`;
}

function commandsPart(outline: Outline): string {
  return [
    "# COMMANDS",
    ...outline.commands.flatMap((command) => sectionOf(command)),
    `## deploy-finalize ${escaped(HELP.usage)}`,
    ...HELP.text.map((text) => escaped(text)),
    "# OPTIONS",
    "Every command takes these options, also before the command.",
    ...outline.common.map((option) => item(option)),
    escaped(QUIET),
    "*-h*, *--help*\n\tShows the help. After a command, the help of that command.",
    "*--version*\n\tPrints the version.",
  ]
    .join("\n\n")
    .concat("\n");
}

function sectionOf(command: CommandOutline): string[] {
  return [
    `## deploy-finalize ${escaped(usage(command))}`,
    escaped(sentence(command.description)),
    ...(EXPLANATIONS[command.name] ?? []).map((text) => escaped(text)),
    ...argumentsToTell(command).map(
      ({ usage: shown, description }) =>
        `_${shown.slice(1, -1)}_\n\t${escaped(sentence(description))}`,
    ),
    ...command.own.map((option) => item(option)),
  ];
}

function item(option: OptionOutline): string {
  const [names = "", value] = usageOf(option).split(/ (?=[<[])/);
  const bold = names
    .split(", ")
    .map((name) => `*${name}*`)
    .join(", ");
  const shown = value === undefined ? bold : `${bold} _${value.slice(1, -1)}_`;
  return `${shown}\n\t${escaped(sentence(option.description))}`;
}

/** What scdoc takes for marks is text here; what is in backticks is printed bold. */
function escaped(text: string): string {
  return text
    .split("`")
    .map((part, index) => {
      const plain = part.replaceAll(/[\\*_<#]/g, String.raw`\$&`);
      return index % 2 === 0 ? plain : `*${plain}*`;
    })
    .join("");
}
