/** Texts that are remembered: the program parses the same ones in every process. */
const MOST_TEXTS = 2000;

/**
 * A pure parser with a memory. Its values are frozen, so no simulated process can change those of
 * another.
 */
export function remembered<T>(
  parse: (text: string, place: string) => T,
): (text: string, place?: string) => T {
  // By the place first: a key of both would be made, and hashed, for each question.
  const places = new Map<string, Map<string, T>>();
  return (text, place = "") => {
    const known = places.get(place) ?? new Map<string, T>();
    const found = known.get(text);
    if (found !== undefined) return found;
    const value = frozen(parse(text, place));
    if (known.size >= MOST_TEXTS) known.clear();
    if (places.size >= MOST_TEXTS) places.clear();
    places.set(place, known.set(text, value));
    return value;
  };
}

function frozen<T>(value: T): T {
  if (typeof value !== "object" || value === null) return value;
  for (const part of Object.values(value)) frozen(part);
  return Object.freeze(value);
}
