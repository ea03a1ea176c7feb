import type { CommandOutline, OptionOutline, Outline } from "./outline.ts";

/** What a shell offers for the value of an option. */
export type Offer =
  | { readonly kind: "files" }
  | { readonly kind: "folders" }
  | { readonly kind: "words"; readonly words: readonly string[] };

const SPANS = ["0", "60", "5min", "1h"];

export function offerFor({ value, choices }: OptionOutline): Offer {
  if (choices.length > 0) return { kind: "words", words: choices };
  if (value === "<file>" || value === "<path>") return { kind: "files" };
  if (value === "<dir>") return { kind: "folders" };
  return { kind: "words", words: value === "<span>" ? SPANS : [] };
}

/** Whether its argument is the id of a finalization. */
export function takesId({ arguments: given }: CommandOutline): "id" | "other" {
  return given.some(({ usage }) => /^[<[]id[>\]]$/.test(usage)) ? "id" : "other";
}

/** Whether its argument is a file. */
export function takesFile({ arguments: given }: CommandOutline): "file" | "other" {
  return given.some(({ usage }) => usage === "<file>") ? "file" : "other";
}

/** What its first argument may be. */
export function choicesOf({ arguments: [first] }: CommandOutline): readonly string[] {
  return first?.choices ?? [];
}

export function optionsOf(outline: Outline, command: CommandOutline): OptionOutline[] {
  return [...command.own, ...outline.common, HELP];
}

/** The option parser has it for every command. */
const HELP: OptionOutline = {
  names: ["-h", "--help"],
  value: null,
  description: "show the help",
  choices: [],
};

/** Every option that takes a value, each once, with what is offered for it. */
export function optionsWithValue(
  outline: Outline,
): { readonly name: string; readonly offer: Offer }[] {
  const options = outline.commands.flatMap((command) => optionsOf(outline, command));
  const found = new Map<string, Offer>();
  for (const option of options) {
    if (option.value === null) continue;
    for (const name of option.names) found.set(name, offerFor(option));
  }
  return [...found].map(([name, offer]) => ({ name, offer }));
}

export const MADE_BY = "Made from the program by `make docs`: do not edit.";
