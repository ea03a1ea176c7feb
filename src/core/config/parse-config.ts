import * as v from "valibot";
import { consistentConfigSchema } from "./contradictions.ts";
import type { Config } from "./config.ts";
import { configSchema } from "./config.ts";
import { knownKeysAt } from "./keys.ts";
import { nearest } from "../nearest.ts";
import { EXIT } from "../outcome.ts";
import { messageOf, Refusal } from "../refusal.ts";

/** One thing that is wrong with a configuration. */
export interface ConfigProblem {
  /** The key that it is about, by the name that `NameOf` gives it; null for the file as a whole. */
  readonly key: string | null;
  /** The whole sentence, with the key's name. */
  readonly message: string;
}

/** What a key is called in messages: `verify.settle`, or the NixOS option that sets it. */
export type NameOf = (key: string) => string;

export type ReadConfig =
  | { readonly kind: "config"; readonly config: Config }
  | { readonly kind: "not-json"; readonly why: string }
  | { readonly kind: "wrong"; readonly problems: readonly ConfigProblem[] };

const AS_IT_IS: NameOf = (key) => key;

/**
 * Parses a configuration that a call names.
 *
 * @param place names the file in errors
 * @throws Refusal (usage) that names the key and, for an unknown one, the nearest known key
 */
export function parseConfig(text: string, place: string): Config {
  return configOrRefusal(readConfig(text, AS_IT_IS), place);
}

/**
 * Reads the configuration of a finalization that is scheduled already. It may contradict itself:
 * an older program took it, and the finalization still has to be finished.
 *
 * @throws Refusal (usage)
 */
export function parseRecordedConfig(text: string, place: string): Config {
  return configOrRefusal(readBy(configSchema, text, AS_IT_IS), place);
}

/** Reads a configuration, and finds all that is wrong with it. */
export function readConfig(text: string, nameOf: NameOf): ReadConfig {
  return readBy(consistentConfigSchema, text, nameOf);
}

function configOrRefusal(read: ReadConfig, place: string): Config {
  switch (read.kind) {
    case "config":
      return read.config;
    case "not-json":
      throw new Refusal(`${place} is not JSON: ${read.why}`, EXIT.usage);
    case "wrong": {
      const problems = read.problems.map(({ message }) => message).join("; ");
      throw new Refusal(`${place}: ${problems}`, EXIT.usage);
    }
  }
}

function readBy(
  schema: typeof configSchema | typeof consistentConfigSchema,
  text: string,
  nameOf: NameOf,
): ReadConfig {
  let value: unknown;
  try {
    value = JSON.parse(text, refuseInherited);
  } catch (error) {
    if (error instanceof UnknownKey) return wrong([{ key: null, message: error.message }]);
    return { kind: "not-json", why: messageOf(error) };
  }
  if (Array.isArray(value)) {
    return wrong([{ key: null, message: "expected an object of settings, not a list" }]);
  }
  const parsed = parseBy(schema, value);
  if (parsed.success) return { kind: "config", config: parsed.output };
  const some = parsed.issues.slice(0, MOST_PROBLEMS);
  return wrong(some.flatMap((issue) => describeIssue(issue, nameOf)));
}

/** More are of no use to anybody. */
const MOST_PROBLEMS = 100;

/** A check of what goes together compares all problems with each other, so it is left out if there are many. */
function parseBy(schema: typeof configSchema | typeof consistentConfigSchema, value: unknown) {
  const plain = v.safeParse(configSchema, value);
  const isHopeless = !plain.success && plain.issues.length > MOST_PROBLEMS;
  return schema === configSchema || isHopeless ? plain : v.safeParse(schema, value);
}

function wrong(problems: readonly ConfigProblem[]): ReadConfig {
  return { kind: "wrong", problems };
}

class UnknownKey extends Error {}

/** Names that every object has: the schemas would allow them. */
function refuseInherited(key: string, value: unknown): unknown {
  if (key in Object.prototype) throw new UnknownKey(`unknown key ${key}`);
  return value;
}

type Issue = v.InferIssue<typeof consistentConfigSchema>;

function describeIssue(issue: Issue, nameOf: NameOf): ConfigProblem[] {
  const path = v.getDotPath(issue);
  const key = path === null ? null : nameOf(path);
  if (issue.type === "strict_object" && issue.path !== undefined) {
    if (issue.expected === "Object" && issue.received !== "undefined") {
      const found = `expected an object of settings, not ${issue.received}`;
      return [{ key, message: `${key ?? "a key"}: ${found}` }];
    }
    return issue.expected === "never"
      ? describeUnknownKeys(issue.path, nameOf)
      : [{ key, message: `${key ?? "a key"} is missing` }];
  }
  return [{ key, message: key === null ? issue.message : `${key}: ${issue.message}` }];
}

/** All unknown keys of a place; the schema reports only the first. */
function describeUnknownKeys(path: readonly v.IssuePathItem[], nameOf: NameOf): ConfigProblem[] {
  const above = path.slice(0, -1);
  const known = knownKeysAt(configSchema, above);
  const entry = new Map<string, unknown>(Object.entries(Object(path.at(-1)?.input)));
  const tag = ["kind", "backend"].find((name) => known.includes(name));
  const ofKind = tag === undefined ? "" : ` of ${tag} ${JSON.stringify(entry.get(tag))}`;
  const place = above.map(({ key }) => `${String(key)}.`).join("");
  return [...entry.keys()]
    .filter((key) => !known.includes(key))
    .map((word) => {
      const key = nameOf(`${place}${word}`);
      // A wrong key is compared with the keys that are known in its own place.
      const meant = nearest(word, known);
      const hint =
        meant === null
          ? `Known keys${ofKind}: ${known.join(", ")}`
          : `Did you mean ${nameOf(`${place}${meant}`)}?`;
      return { key, message: `unknown key ${key}. ${hint}` };
    });
}
