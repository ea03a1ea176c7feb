import { pick } from "./mutate.ts";

type Random = () => number;
type Path = readonly string[];

/** A value of JSON in which one list has become long, with items that differ; null if it has no list. */
export function grown(random: Random, value: unknown, length: number): string | null {
  const path = pick(random, listsIn(value, []), null);
  return path === null ? null : JSON.stringify(withLongList(value, path, length));
}

/** Where lists that are not empty are. */
function listsIn(value: unknown, here: Path): (Path | null)[] {
  if (typeof value !== "object" || value === null) return [];
  const own = Array.isArray(value) && value.length > 0 ? [here] : [];
  const below = Object.entries(value).flatMap(([key, item]) => listsIn(item, [...here, key]));
  return [...own, ...below];
}

function withLongList(value: unknown, [key, ...rest]: Path, length: number): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (key === undefined) return longList(Object.values(value), length);
  const entries = Object.entries(value).map(([name, item]: [string, unknown]) => [
    name,
    name === key ? withLongList(item, rest, length) : item,
  ]);
  const changed: Readonly<Record<string, unknown>> = Object.fromEntries(entries);
  return Array.isArray(value) ? Object.values(changed) : changed;
}

function longList(items: readonly unknown[], length: number): unknown[] {
  const size = Math.max(1, JSON.stringify(items).length / items.length);
  return Array.from({ length: Math.ceil(length / size) }, (_, index) =>
    other(items[index % items.length], index),
  );
}

/** The same value with another text in it. */
function other(value: unknown, index: number): unknown {
  if (typeof value === "string") return `${value}${index}`;
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const name = ["name", "unit", "user", "key"].find((key) => key in value);
  if (name === undefined) return value;
  return { ...value, [name]: other(Reflect.get(value, name), index) };
}
