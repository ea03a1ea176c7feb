import * as v from "valibot";
import type { Config } from "./config.ts";
import { configSchema } from "./config-schema.ts";
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
    value = JSON.parse(text);
  } catch (error) {
    throw new Refusal(`${place} is not JSON: ${messageOf(error)}`, EXIT.usage);
  }
  if (Array.isArray(value))
    throw new Refusal(`${place}: expected an object of settings, not a list`, EXIT.usage);
  const parsed = v.safeParse(configSchema, value);
  if (parsed.success) return parsed.output;
  const problems = parsed.issues.map(describeIssue).join("; ");
  throw new Refusal(`${place}: ${problems}`, EXIT.usage);
}

function describeIssue(issue: v.InferIssue<typeof configSchema>): string {
  const path = v.getDotPath(issue);
  if (issue.type === "strict_object" && issue.expected === "never" && path !== null) {
    return describeUnknownKey(path);
  }
  return path === null ? issue.message : `${path}: ${issue.message}`;
}

function describeUnknownKey(path: string): string {
  const known = Object.keys(configSchema.entries);
  const meant = nearest(path, known);
  const hint = meant === null ? `Known keys: ${known.join(", ")}` : `Did you mean ${meant}?`;
  return `unknown key ${path}. ${hint}`;
}
