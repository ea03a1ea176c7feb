import { inspect } from "node:util";

const width = 80;
/** Of the time and of who it is about, before the text of an event. */
const lead = 17;

type Style = "bold" | "dim" | "green" | "plain";
const codes: Record<Style, string> = { bold: "1", dim: "2", green: "32", plain: "0" };

/** Lines on the terminal: what happened, how many seconds after the act began, and what is so. */
export class Timeline {
  readonly #coloured: boolean;
  #print: (line: string) => void;
  #began = performance.now();

  constructor(out: NodeJS.WriteStream, env: NodeJS.ProcessEnv) {
    const isSet = (name: string): boolean => (env[name] ?? "") !== "";
    const plain = isSet("NO_COLOR") || env["TERM"] === "dumb";
    this.#coloured = isSet("FORCE_COLOR") || (out.isTTY && !plain);
    this.#print = (line) => out.write(`${line}\n`);
  }

  /** A new act: its clock starts at 0. */
  begin(title: string, question: string): void {
    this.#print("");
    this.#print(this.#paint("bold", title));
    this.#lines("  ", question, "dim");
    this.#began = performance.now();
  }

  /** Seconds since the act began. */
  seconds(): number {
    return (performance.now() - this.#began) / 1000;
  }

  event(who: string, text: string): void {
    const time = `${this.seconds().toFixed(2).padStart(6)}s  `;
    this.#lines(this.#paint("dim", time) + who.padEnd(8), text, "plain", lead);
  }

  /** Text of another program, as it printed it but for the hashes of store paths. */
  quote(text: string): void {
    for (const line of text.trimEnd().split("\n")) this.#lines("  | ", line, "dim");
  }

  /** Says what was found to be so. Throws when it is not: the demo claims nothing else. */
  fact(text: string, seen: unknown, expected: unknown): void {
    if (seen !== expected) {
      throw new Error(`not so: ${text}\nseen ${inspect(seen)}, expected ${inspect(expected)}`);
    }
    this.event(this.#paint("green", "ok".padEnd(8)), text);
  }

  /** One line of the last list. */
  summary(name: string, text: string): void {
    this.#print(`${this.#paint("bold", name.padEnd(18))}${text}`);
  }

  note(text: string): void {
    this.#print(text);
  }

  /** Nothing more is told: what happens from here on is no part of an act. */
  close(): void {
    this.#print = () => {};
  }

  /** `first` leads the first line; `indent` is its width where colour hides that. */
  #lines(first: string, text: string, style: Style, indent = first.length): void {
    const [head = "", ...rest] = wrap(withoutHashes(text), width - indent);
    this.#print(first + this.#paint(style, head));
    for (const line of rest) this.#print("".padEnd(indent) + this.#paint(style, line));
  }

  #paint(style: Style, text: string): string {
    return this.#coloured && style !== "plain" ? `\x1b[${codes[style]}m${text}\x1b[0m` : text;
  }
}

function withoutHashes(text: string): string {
  return text.replaceAll(/\/nix\/store\/[0-9a-z]{32}-/g, "/nix/store/...-");
}

function wrap(text: string, columns: number): string[] {
  const lines = [""];
  for (const word of text.split(" ")) {
    const line = lines.at(-1) ?? "";
    if (line === "") lines[lines.length - 1] = word;
    else if (line.length + 1 + word.length <= columns) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines;
}
