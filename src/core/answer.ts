/** More of what a server says is not passed on to the journal and the record. */
const MOST_CHARACTERS = 200;

/** A server's own words on one line: they go where no control character may. */
export function quoted(words: string): string {
  const line = words.replaceAll(/[\p{Cc}\s]+/gu, " ").trim();
  return line.length <= MOST_CHARACTERS ? line : `${line.slice(0, MOST_CHARACTERS)}...`;
}

/** The JSON in a text, or null where it is none. */
export function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
