import { jsonIn } from "../answer.ts";

/** Keys whose value is the path of a file with a secret. */
const SECRET_FILE = /^(?:key|password|secret|token|url)File$/;

/** The paths of the secrets that a configuration names, also one that is not valid. */
export function secretFilesIn(config: string): string[] {
  const files: string[] = [];
  visit(jsonIn(config), (key, value) => {
    if (SECRET_FILE.test(key) && typeof value === "string") files.push(value);
    return value;
  });
  return files;
}

/**
 * A configuration to show to others: without the arguments of commands, and without the paths of
 * addresses, which may be secrets. Null if it is not JSON.
 */
export function shownConfig(config: string): string | null {
  const value = jsonIn(config);
  if (value === null) return null;
  return JSON.stringify(visit(value, shown), null, 2);
}

/** A record to show to others: without the arguments of its commands. Null if it is not JSON. */
export function shownRecord(record: string): string | null {
  const value = jsonIn(record);
  if (value === null) return null;
  return JSON.stringify(visit(value, withoutArguments), null, 2);
}

/** The user of an address, which no name has. */
const USER = /^(https?:\/\/)[^/?#@]*@/;

/** A text of a configuration that may be a secret, and what stands in its place. */
export interface Hidden {
  readonly text: string;
  readonly by: string;
}

/**
 * What `shownConfig` leaves out, as a record and the journal name it: a check without a name is named
 * after its command or its address.
 */
export function hiddenIn(config: string): Hidden[] {
  const hidden: Hidden[] = [];
  visit(jsonIn(config), (key, value) => {
    const by = shown(key, value);
    if (typeof value === "string" && typeof by === "string") {
      hidden.push({ text: value, by }, { text: value.replace(USER, "$1"), by });
    } else if (Array.isArray(value) && Array.isArray(by) && by !== value) {
      // A list of addresses, for example, is no program with arguments.
      hidden.push({ text: value.join(" "), by: by.join(" ") }, ...argumentsOf(value));
    }
    return value;
  });
  return hidden.filter(({ text, by }) => text !== by && text !== "");
}

/** A text as a part of a regular expression. */
function literal(text: string): string {
  return text.replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`);
}

/** Replaces what is hidden, also as it stands in a string of JSON, each place once. */
export function hider(hidden: readonly Hidden[]): (text: string) => string {
  const by = new Map<string, string>();
  for (const one of hidden) {
    for (const form of [one.text, JSON.stringify(one.text).slice(1, -1)]) {
      if (!by.has(form)) by.set(form, one.by);
    }
  }
  if (by.size === 0) return (text) => text;
  // An address may be the beginning of another one: the longest one is found first.
  const forms = [...by.keys()].toSorted((one, other) => other.length - one.length);
  const pattern = new RegExp(forms.map(literal).join("|"), "g");
  return (text) => text.replaceAll(pattern, (found) => by.get(found) ?? found);
}

/** A program may repeat one of its arguments. Short ones are words, and options and paths no secrets. */
function argumentsOf([, ...args]: readonly unknown[]): Hidden[] {
  return args.flatMap((text) =>
    typeof text === "string" && /^[^-/].{7}/s.test(text) ? [{ text, by: "***" }] : [],
  );
}

/** Keys whose value is a program with its arguments: of checks and receivers, and of hooks. */
const COMMANDS = new Set(["command", "before", "after"]);

function withoutArguments(key: string, value: unknown): unknown {
  if (!COMMANDS.has(key) || !Array.isArray(value)) return value;
  return [...value.slice(0, 1), ...(value.length > 1 ? [`${value.length - 1} arguments`] : [])];
}

function shown(key: string, value: unknown): unknown {
  if (Array.isArray(value)) return withoutArguments(key, value);
  // An address without a path has nothing to hide.
  return typeof value === "string"
    ? value.replace(/^(https?:\/\/[^/?#]*)(?:\/.|[?#]).*/s, "$1/***")
    : value;
}

/** A copy of a value in which each item is what `change` makes of it. */
function visit(value: unknown, change: (key: string, value: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.map((item: unknown) => visit(change("", item), change));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([key, item]: [string, unknown]): [string, unknown] => [
    key,
    visit(change(key, item), change),
  ]);
  return Object.fromEntries(entries);
}
