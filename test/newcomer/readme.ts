/** What a newcomer types, and the lines that the README shows below it. */
export type Step = { where: "outside" | "inside"; command: string; shown: string[] };

const prompts = { "# ": "outside", "web1# ": "inside" } as const;

/**
 * The steps of a section, from its blocks for a console. Outside: on the newcomer's machine;
 * inside: in the shell that the first one opens.
 *
 * @throws Error where there is no such section, or a block that does not begin with a command
 */
export function stepsOf(readme: string, heading: string): Step[] {
  const section = readme.split(/^## /m).find((text) => text.startsWith(`${heading}\n`));
  if (section === undefined) throw new Error(`no section "${heading}"`);
  const blocks = [...section.matchAll(/^```console\n(.*?)^```$/gms)];
  return blocks.flatMap(([, block = ""]) => stepsIn(block.trimEnd().split("\n")));
}

function stepsIn(lines: readonly string[]): Step[] {
  const steps: Step[] = [];
  for (const line of lines) {
    const [, prompt = "", command = ""] = /^((?:web1)?# )(.*)$/.exec(line) ?? [];
    if (prompt === "# " || prompt === "web1# ")
      steps.push({ where: prompts[prompt], command, shown: [] });
    else if (steps.length > 0) steps.at(-1)?.shown.push(line);
    else throw new Error(`a block for a console begins with ${JSON.stringify(line)}`);
  }
  return steps;
}
