import { readFileSync } from "node:fs";
import { join } from "node:path";
import { repository } from "../test-host/paths.ts";

/** What a reader of a journey does: types a command, or writes a file that the page shows. */
export type Step =
  | { readonly kind: "command"; readonly heading: string; readonly command: string }
  | {
      readonly kind: "file";
      readonly heading: string;
      readonly name: string;
      readonly text: string;
    };

/**
 * The steps of a page in its order: commands after a prompt, whole loops in parentheses, and files
 * that a comment in their first line names. A block for a shell without a prompt is a remedy, which
 * the page says when to use.
 */
export function stepsOf(page: string): Step[] {
  const text = readFileSync(join(repository, "docs/journeys", page), "utf8");
  return text.split(/^(?=## )/m).flatMap((section) => {
    const heading = /^## (.*)/.exec(section)?.[1] ?? "";
    return [...section.matchAll(/^```(\w+)\n(.*?)^```$/gms)].flatMap(
      ([, language = "", block = ""]) => stepsIn(language, block, heading),
    );
  });
}

function stepsIn(language: string, block: string, heading: string): Step[] {
  const [, name] = /^# ([\w.-]+\.nix)\n/.exec(block) ?? [];
  switch (language) {
    case "console":
      return block
        .trimEnd()
        .split("\n")
        .map((line) => {
          const [, command] = /^[$#] (.*)$/.exec(line) ?? [];
          if (command === undefined) throw new Error(`no prompt before ${JSON.stringify(line)}`);
          return { kind: "command", heading, command };
        });
    case "sh":
      return block.startsWith("(\n") ? [{ kind: "command", heading, command: block }] : [];
    case "nix":
      return name === undefined ? [] : [{ kind: "file", heading, name, text: block }];
    default:
      return [];
  }
}

/** What the reader pastes where a command waits for a secret. */
export const PASTED = "a-token";

const PASTES = `read() { builtin read "$@" <<<${PASTED}; }`;

/** One script for bash that does the steps, says which it does, and ends with the first that fails. */
export function scriptOf(steps: readonly Step[], folder: string): string {
  const lines = steps.flatMap((step) =>
    step.kind === "file"
      ? [`cat >${step.name} <<'END-OF-FILE'\n${step.text}END-OF-FILE`]
      : [`echo ${quoted(`>>> ${step.command}`)}`, step.command],
  );
  return ["set -e", PASTES, `mkdir -p ${folder}; cd ${folder}`, ...lines, ""].join("\n");
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
