import { type JsonSchema, toJsonSchema } from "@valibot/to-json-schema";
import { JSON_OUTPUTS, type JsonOutput, SHARED_SCHEMAS } from "./json-outputs.ts";
import { MADE_BY } from "./words.ts";

/** The outputs of `--json` as JSON Schema (draft 2020-12), by file name. */
export function jsonSchemas(): Map<string, string> {
  const files = Object.entries(JSON_OUTPUTS).map(([command, output]) => {
    const schema = {
      title: `deploy-finalize ${command} --json`,
      description: output.about.replaceAll("`", ""),
      ...schemaOf(output.schema),
    };
    return [`${fileName(command)}.json`, `${JSON.stringify(schema, null, 2)}\n`] as const;
  });
  return new Map(files);
}

export function jsonPage(): string {
  const outputs = Object.entries(JSON_OUTPUTS);
  const shared = Object.entries(SHARED_SCHEMAS);
  return [
    `<!-- ${MADE_BY} -->`,
    INTRODUCTION,
    ...outputs.map(([command, output]) => sectionOf(command, output)),
    "# Objects in more than one output",
    ...shared.map(([name, schema]) => `## ${name}\n\n${tableOf(inlined(schemaOf(schema), name))}`),
  ]
    .join("\n\n")
    .concat("\n");
}

const INTRODUCTION = `# What \`--json\` prints

For authors of programs that read the output of deploy-finalize.

The output goes to stdout, and nothing else does; narration and errors are on stderr. \`schemaVersion\` stands in every
output. It changes when a field goes away or changes its meaning, not when one is added: ignore fields
that you do not know. Moments are ISO 8601 in UTC, lengths of time are in seconds. Each output has a JSON
Schema in [docs/schema](schema), which every output is tested against.`;

function sectionOf(command: string, { about, example, schema }: JsonOutput): string {
  return [
    `## deploy-finalize ${command} --json`,
    `${about} Schema: [${fileName(command)}.json](schema/${fileName(command)}.json).`,
    `\`\`\`sh\n${example}\n\`\`\``,
    tableOf(schemaOf(schema)),
  ].join("\n\n");
}

function fileName(command: string): string {
  return command.replaceAll(/ -*/g, "-");
}

/** With the shared objects that it uses, and no others, in `$defs`. */
function schemaOf(schema: JsonOutput["schema"]): JsonSchema {
  const { $defs = {}, ...own } = toJsonSchema(schema, {
    definitions: SHARED_SCHEMAS,
    target: "draft-2020-12",
    typeMode: "output",
    // A check in code, for which JSON Schema has no words.
    ignoreActions: ["check"],
  });
  const used = Object.entries($defs).filter(([name]) => isUsed(name, own, $defs));
  return used.length === 0 ? own : { ...own, $defs: Object.fromEntries(used) };
}

function isUsed(name: string, own: object, definitions: object): boolean {
  return (
    refersTo(own, name) ||
    Object.entries(definitions).some(
      ([other, part]) => other !== name && refersTo(own, other) && refersTo(part, name),
    )
  );
}

function refersTo(part: unknown, name: string): boolean {
  return JSON.stringify(part).includes(`"#/$defs/${name}"`);
}

/** The object itself, where the schema only refers to it. */
function inlined(schema: JsonSchema, name: string): JsonSchema {
  const definition = schema.$defs?.[name];
  return typeof definition === "object" ? definition : schema;
}

function tableOf(schema: JsonSchema): string {
  const rows = rowsOf(schema, "").map(
    ({ path, type, meaning }) => `| \`${path}\` | ${type} | ${meaning} |`,
  );
  return ["| field | type | meaning |", "|---|---|---|", ...rows].join("\n");
}

interface Row {
  readonly path: string;
  readonly type: string;
  readonly meaning: string;
}

function rowsOf(schema: JsonSchema, prefix: string): Row[] {
  const required = new Set(schema.required);
  return objects(Object.entries(schema.properties ?? {})).flatMap(([name, property]) => {
    const path = `${prefix}${name}`;
    const absent = required.has(name) ? "" : ", may be absent";
    const row = { path, type: `${typeOf(property)}${absent}`, meaning: meaningOf(property) };
    const { shape, suffix } = unwrapped(property);
    const below = variantsOf(shape).map((variant) => rowsOf(variant, `${path}${suffix}.`));
    return [row, ...merged(below)];
  });
}

/** A field that several kinds of an object have is one row; one that not all have says so. */
function merged(variants: readonly Row[][]): Row[] {
  const byPath = Map.groupBy(variants.flat(), ({ path }) => path);
  return [...byPath].map(([path, same]) => {
    const each = (key: "type" | "meaning"): string =>
      [...new Set(same.map((row) => row[key]))].filter((text) => text !== "").join(", ");
    const absent = same.length < variants.length ? ", of some kinds" : "";
    return { path, type: `${each("type")}${absent}`, meaning: each("meaning") };
  });
}

function variantsOf(shape: JsonSchema): JsonSchema[] {
  const variants = shape.oneOf ?? [];
  return variants.length === 0 ? [shape] : variants.filter((one) => typeof one !== "boolean");
}

function meaningOf({ description = "" }: JsonSchema): string {
  return description.replaceAll("|", String.raw`\|`);
}

function objects(entries: [string, JsonSchema | boolean][]): [string, JsonSchema][] {
  return entries.filter((entry): entry is [string, JsonSchema] => typeof entry[1] !== "boolean");
}

/** What is inside of a list, or beside null. */
function unwrapped(schema: JsonSchema): { readonly shape: JsonSchema; readonly suffix: string } {
  const [first] = schema.anyOf ?? [];
  if (first !== undefined && typeof first !== "boolean" && isNullable(schema)) {
    return unwrapped(first);
  }
  const { items } = schema;
  if (items === undefined || typeof items === "boolean" || Array.isArray(items)) {
    return { shape: schema, suffix: "" };
  }
  const inner = unwrapped(items);
  return { shape: inner.shape, suffix: `[]${inner.suffix}` };
}

function isNullable({ anyOf = [] }: JsonSchema): boolean {
  return anyOf.length === 2 && typeOf(anyOf[1] ?? true) === "null";
}

function typeOf(schema: JsonSchema | boolean): string {
  if (typeof schema === "boolean") return "anything";
  if (schema.$ref !== undefined) {
    const name = schema.$ref.replace(/^.*\//, "");
    return `[${name}](#${name})`;
  }
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``;
  if (schema.enum !== undefined)
    return schema.enum.map((one) => `\`${JSON.stringify(one)}\``).join(", ");
  if (schema.anyOf !== undefined) return schema.anyOf.map((one) => typeOf(one)).join(" or ");
  if (schema.oneOf !== undefined) return "object, one of several kinds";
  if (schema.type === "array") {
    const { items } = schema;
    return items === undefined || Array.isArray(items) ? "list" : `list of ${typeOf(items)}`;
  }
  if (schema.format === "date-time") return "moment";
  return String(schema.type ?? "anything");
}
