/** Numbers from 0 up to but not including 1. */
type Random = () => number;

/** Texts that parsers stumble over. */
const AWKWARD: readonly string[] = [
  Array.from("\n\t \0\r\\\"'{}[]<>()=:;,./-+*|#@%&~^$?_→∅ε●"),
  ["\n\n", "\r\n", " ", "  ", ": ", ", ", " - ", "../", "//", "\u001B[31m", "\u2028", "\u202E"],
  ["\uD800", "\uDC00", "\uFEFF", "😀", "ä", "\u0000\u0000", "\\040", "\\999", "\\\n"],
  ["0", "1", "-1", "-0", "00", "01", "1.5", "1e300", "1e999", "-1e999", "NaN", "Infinity"],
  ["2147483648", "4294967296", "9007199254740993", "18446744073709551616", "9".repeat(400)],
  ["null", "true", "[]", "{}", "[null]", '""', "undefined", "__proto__", "constructor"],
  ["toString", "hasOwnProperty", "a".repeat(300), "[".repeat(50), "-".repeat(50)],
].flat();

/** Values that take the place of others in JSON. */
const VALUES: readonly unknown[] = [
  [null, true, false, 0, -1, 1.5, 1e300, 2 ** 53, "", "x", [], {}, [[]], [{}], "0", "../../x"],
  ["\n", "a".repeat(300), "2026-02-31T00:00:00Z", "2026-01-01T00:00:00+01", "__proto__"],
].flat(1);

export function pick<T>(random: Random, items: readonly T[], otherwise: T): T {
  return items[Math.floor(random() * items.length)] ?? otherwise;
}

/** Makes inputs of samples: changed a little, changed a lot, joined, and, now and then, mere bytes. */
export class Mutator {
  readonly #random: Random;
  readonly #samples: readonly string[];
  readonly #values: readonly unknown[];

  constructor(random: Random, samples: readonly string[]) {
    this.#random = random;
    this.#samples = samples;
    this.#values = samples.flatMap(valueIn);
  }

  next(): string {
    const chance = this.#random();
    if (chance < 0.05) return this.#bytes();
    if (chance < 0.5 && this.#values.length > 0) return this.#json();
    let text = pick(this.#random, this.#samples, "");
    const times = 1 + Math.floor(this.#random() * 4);
    for (let time = 0; time < times; time++) text = this.#change(text);
    return text;
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  #bytes(): string {
    return Array.from({ length: this.#below(60) }, () =>
      String.fromCharCode(this.#below(256)),
    ).join("");
  }

  /** One change of a text: leaves out, doubles, repeats, puts in, cuts, or joins. */
  #change(text: string): string {
    const from = this.#below(text.length + 1);
    const to = from + this.#below(Math.min(40, text.length - from + 1));
    const [head, part, tail] = [text.slice(0, from), text.slice(from, to), text.slice(to)];
    switch (this.#below(7)) {
      case 0:
        return head + tail;
      case 1:
        return head + part + part + tail;
      case 2:
        return head + part.repeat(this.#below(30)) + tail;
      case 3:
        return head + pick(this.#random, AWKWARD, "") + tail;
      case 4:
        return head + pick(this.#random, AWKWARD, "");
      case 5: {
        const other = pick(this.#random, this.#samples, "");
        return head + other.slice(this.#below(other.length + 1));
      }
      default:
        return (
          head + pick(this.#random, AWKWARD, "") + part + pick(this.#random, AWKWARD, "") + tail
        );
    }
  }

  /** A sample of JSON with values replaced, left out or added. */
  #json(): string {
    let value = pick(this.#random, this.#values, null);
    const times = 1 + this.#below(2);
    for (let time = 0; time < times; time++) value = this.#replaced(value);
    return JSON.stringify(value);
  }

  #replaced(value: unknown): unknown {
    if (typeof value !== "object" || value === null || this.#random() < 0.1) {
      return pick(this.#random, VALUES, null);
    }
    if (Array.isArray(value)) {
      const items: readonly unknown[] = value;
      const at = this.#below(items.length + 1);
      return [...items.slice(0, at), this.#replaced(items[at]), ...items.slice(at + 1)];
    }
    const entries = Object.entries(value);
    const key = pick(this.#random, entries, ["", null])[0];
    const chance = this.#random();
    if (chance < 0.1) return Object.fromEntries(entries.filter(([name]) => name !== key));
    if (chance < 0.2) return { ...value, [pick(this.#random, AWKWARD, "")]: 1 };
    return { ...value, [key]: this.#replaced(Reflect.get(value, key)) };
  }
}

/** The value of a sample of JSON, in a list; an empty list for other samples. */
export function valueIn(text: string): unknown[] {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" ? [value] : [];
  } catch {
    return [];
  }
}

/** The pieces of a text that may repeat in it: characters, words, lines, and what is around blanks. */
export function piecesOf(text: string): string[] {
  const words = text.split(/(\s+|[^\w\s]+)/);
  const lines = text.split("\n").map((line) => `${line}\n`);
  return [...new Set([...AWKWARD, ...words, ...lines])].filter((piece) => piece !== "");
}

/** A text of about `length` characters in which a piece repeats, with a part of a sample around it. */
export function large(random: Random, sample: string, length: number): string {
  const piece = pick(random, piecesOf(sample), " ");
  const at = Math.floor(random() * (sample.length + 1));
  const body = piece.repeat(Math.ceil(length / piece.length));
  return pick(
    random,
    [
      body,
      sample.slice(0, at) + body,
      sample.slice(0, at) + body + sample.slice(at),
      `${sample.slice(0, at)}${body}\u0001`,
      `${sample.slice(0, at)}${body}!${sample.slice(at)}`,
    ],
    body,
  );
}
