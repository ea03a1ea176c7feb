import * as v from "valibot";
import type { Config } from "./config.ts";
import { configSchema } from "./config-schema.ts";
import { knownKeysAt } from "./config-keys.ts";
import { nearest } from "./nearest.ts";
import { EXIT } from "./outcome.ts";
import { messageOf, Refusal } from "./refusal.ts";

/**
 * Reads a configuration.
 *
 * @param place names the file in errors
 * @throws Refusal (usage) that names the key and, for an unknown one, the nearest known key
 */
export function parseConfig(text: string, place: string): Config {
  let value: unknown;
  try {
    value = JSON.parse(text, refuseInherited);
  } catch (error) {
    if (error instanceof UnknownKey) throw new Refusal(`${place}: ${error.message}`, EXIT.usage);
    throw new Refusal(`${place} is not JSON: ${messageOf(error)}`, EXIT.usage);
  }
  if (Array.isArray(value))
    throw new Refusal(`${place}: expected an object of settings, not a list`, EXIT.usage);
  const parsed = v.safeParse(configSchema, value);
  if (parsed.success) return parsed.output;
  const problems = parsed.issues.flatMap(describeIssue).join("; ");
  throw new Refusal(`${place}: ${problems}`, EXIT.usage);
}

class UnknownKey extends Error {}

/** Names that every object has: the schemas would take them for known. */
function refuseInherited(key: string, value: unknown): unknown {
  if (key in Object.prototype) throw new UnknownKey(`unknown key ${key}`);
  return value;
}

function describeIssue(issue: v.InferIssue<typeof configSchema>): string[] {
  const path = v.getDotPath(issue);
  if (issue.type === "strict_object" && issue.path !== undefined) {
    return issue.expected === "never"
      ? describeUnknownKeys(issue.path)
      : [`${path ?? "a key"} is missing`];
  }
  return [path === null ? issue.message : `${path}: ${issue.message}`];
}

/** The schema stops at the first one of a place. */
function describeUnknownKeys(path: readonly v.IssuePathItem[]): string[] {
  const above = path.slice(0, -1);
  const known = knownKeysAt(configSchema, above);
  const keys = Object.keys(Object(path.at(-1)?.input)).filter((key) => !known.includes(key));
  const place = above.map(({ key }) => `${String(key)}.`).join("");
  return keys.map((key) => describeUnknownKey(place, key, known));
}

/** A wrong key is compared with the keys that are known in its own place. */
function describeUnknownKey(place: string, key: string, known: readonly string[]): string {
  const meant = nearest(key, known);
  const hint =
    meant === null ? `Known keys: ${known.join(", ")}` : `Did you mean ${place}${meant}?`;
  return `unknown key ${place}${key}. ${hint}`;
}
