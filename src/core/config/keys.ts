import type { IssuePathItem } from "valibot";

/**
 * The keys that a schema allows at a place.
 *
 * @param path the keys that lead to the place, with the values found there
 */
export function knownKeysAt(schema: object, path: readonly IssuePathItem[]): string[] {
  let here = schema;
  for (const { key, value } of path) here = below(unwrap(here, null), key, value);
  const entries = property(here, "entries");
  return entries === null ? [] : Object.keys(entries);
}

/** The schema of the value under a key, without its wrappers. */
function below(schema: object, key: unknown, value: unknown): object {
  const entries = property(schema, "entries");
  const inner = entries === null ? property(schema, "item") : property(entries, String(key));
  return unwrap(inner ?? {}, value);
}

function unwrap(schema: object, value: unknown): object {
  const wrapped = property(schema, "wrapped");
  if (wrapped !== null) return unwrap(wrapped, value);
  const getter: unknown = Reflect.get(schema, "getter");
  if (typeof getter === "function") return unwrap(Object(getter(value)), value);
  const options = property(schema, "options");
  if (!Array.isArray(options)) return schema;
  // The key that selects the variant: `kind`, `backend`, …
  const key = String(Reflect.get(schema, "key"));
  const kind = isObject(value) ? Reflect.get(value, key) : undefined;
  return options.filter(isObject).find((option) => literalAt(option, key) === kind) ?? schema;
}

/** The literal of a variant at a key. */
function literalAt(option: object, key: string): unknown {
  const literal = property(property(option, "entries") ?? {}, key);
  return literal === null ? undefined : Reflect.get(literal, "literal");
}

function property(of: object, key: string): object | null {
  const value: unknown = Object.hasOwn(of, key) ? Reflect.get(of, key) : null;
  return isObject(value) ? value : null;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
