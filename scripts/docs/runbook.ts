import type { Topic } from "../../src/view/runbook/topic.ts";
import { TOPICS } from "../../src/view/runbook/topics.ts";
import { MADE_BY } from "./words.ts";

const BEGIN = "; The runbook: made from src/view/runbook/topics.ts by `make docs`, do not edit.\n";
const END = "; The end of the runbook.\n";

/**
 * The man page with its runbook made again.
 *
 * @throws RangeError if the page lacks the comments that enclose it
 */
export function withRunbook(page: string): string {
  const from = page.indexOf(BEGIN);
  const to = page.indexOf(END);
  if (from < 0 || to < from) throw new RangeError(`the man page lacks ${BEGIN} or ${END}`);
  const part = ["# RUNBOOK", MAN_INTRODUCTION, ...TOPICS.map(inMan)].join("\n\n");
  return `${page.slice(0, from)}${BEGIN}\n${part}\n\n${page.slice(to)}`;
}

const MAN_INTRODUCTION =
  "*deploy-finalize help* _reason_ shows one of these on the host. The reason is a name from this list, or the words that *deploy-finalize status* shows.";

/** What scdoc takes for marks is text here. */
function escaped(text: string): string {
  return text.replaceAll(/[_*\\]/g, String.raw`\$&`);
}

function inMan({ name, title, host, nextBoot, wait, commands }: Topic): string {
  return [
    `## ${name}: ${title}`,
    `Is the host well? ${escaped(host)}++\nWhat would boot next? ${escaped(nextBoot)}++\nCan it wait until morning? ${escaped(wait)}`,
    ...commands.map(([command, what]) => `*${escaped(command)}*\n\t${escaped(what)}`),
  ].join("\n\n");
}

/** docs/runbook.md. */
export function runbookPage(): string {
  return [`<!-- ${MADE_BY} -->`, INTRODUCTION, ...TOPICS.map(inPage)].join("\n\n").concat("\n");
}

const INTRODUCTION = `# Runbook

For the operator who is called at night. Each section is about one reason that \`deploy-finalize status\` or an alert shows. On the
host, \`deploy-finalize help REASON\` shows the same, and so does the section RUNBOOK of \`man deploy-finalize\`.
More about causes: [troubleshooting.md](troubleshooting.md).`;

function inPage({ name, title, host, nextBoot, wait, commands }: Topic): string {
  const rows = commands.map(([command, what]) => `- \`${command}\`: ${what}`);
  return [
    // For the links of alerts.
    `<a id="${name}"></a>`,
    `## \`${name}\`: ${title}`,
    [
      `| question | answer |`,
      `|---|---|`,
      `| Is the host well? | ${host} |`,
      `| What would boot next? | ${nextBoot} |`,
      `| Can it wait until morning? | ${wait} |`,
    ].join("\n"),
    rows.join("\n"),
  ].join("\n\n");
}
