import * as v from "valibot";
import { printableLine } from "./printable.ts";

/** The maximum length of a server's answer in the journal and the record. */
const MOST_CHARACTERS = 200;

/** A server's answer on one line, without control characters. */
export function quoted(words: string): string {
  const text = words.slice(0, 10 * MOST_CHARACTERS).replaceAll(/\s+/g, " ");
  return printableLine(text.trim(), MOST_CHARACTERS);
}

/** The value of a JSON text in the form of a schema; null if it is not JSON or has another form. */
export function jsonAs<const S extends v.GenericSchema>(
  schema: S,
  text: string,
): v.InferOutput<S> | null {
  const parsed = v.safeParse(schema, jsonIn(text));
  return parsed.success ? parsed.output : null;
}

/** The value of a JSON text, or null if it is not JSON. */
export function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Whether a text is a page for people: a login, maintenance, an error of a proxy. */
export function isPage(text: string): boolean {
  let rest = text.slice(0, 1000).trimStart();
  while (rest.startsWith("<!--")) {
    const end = rest.indexOf("-->", 4);
    if (end === -1) return false;
    rest = rest.slice(end + 3).trimStart();
  }
  return /^<(!doctype\s+html|html)\b/i.test(rest);
}
