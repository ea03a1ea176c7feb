/** Texts that are remembered: the program parses the same ones in every process. */
const MOST_TEXTS = 2000;

/**
 * A pure parser with a memory. Its values are frozen, so no simulated process can change those of
 * another.
 */
export function remembered<T>(
  parse: (text: string, place: string) => T,
): (text: string, place?: string) => T {
  const known = new Map<string, T>();
  return (text, place = "") => {
    const key = `${place}\n${text}`;
    const found = known.get(key);
    if (found !== undefined) return found;
    const value = frozen(parse(text, place));
    if (known.size >= MOST_TEXTS) known.clear();
    known.set(key, value);
    return value;
  };
}

function frozen<T>(value: T): T {
  if (typeof value !== "object" || value === null) return value;
  for (const part of Object.values(value)) frozen(part);
  return Object.freeze(value);
}
