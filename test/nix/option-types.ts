import * as v from "valibot";
import { withStandIn } from "./view.ts";

/** A type of an option as evaluator/describe.nix tells of it. */
export type OptionType = { readonly name: string; readonly description: string } & (
  | { readonly kind: "bool" | "path" | "package" | "anything" | "raw" }
  | { readonly kind: "int" | "number"; readonly lowest?: number; readonly highest?: number }
  | { readonly kind: "str"; readonly pattern?: string }
  | { readonly kind: "enum"; readonly values: readonly unknown[] }
  | { readonly kind: "nullOr" | "attrsOf" | "entries"; readonly of: OptionType }
  | { readonly kind: "listOf"; readonly of: OptionType; readonly atLeast?: number }
  | { readonly kind: "either" }
  | {
      readonly kind: "submodule";
      readonly options: Readonly<Record<string, OptionType & { readonly hasDefault: boolean }>>;
    }
);

const named = { name: v.string(), description: v.string() };
const of = v.lazy(() => typeSchema);
const kinds = v.picklist(["bool", "path", "package", "anything", "raw"]);
const bound = v.exactOptional(v.number());
const typeSchema: v.GenericSchema<unknown, OptionType> = v.variant("kind", [
  v.object({ ...named, kind: kinds }),
  v.object({ ...named, kind: v.picklist(["int", "number"]), lowest: bound, highest: bound }),
  v.object({ ...named, kind: v.literal("str"), pattern: v.exactOptional(v.string()) }),
  v.object({ ...named, kind: v.literal("enum"), values: v.array(v.unknown()) }),
  v.object({ ...named, kind: v.picklist(["nullOr", "attrsOf", "entries"]), of }),
  v.object({ ...named, kind: v.literal("listOf"), of, atLeast: bound }),
  v.object({ ...named, kind: v.literal("either") }),
  v.object({
    ...named,
    kind: v.literal("submodule"),
    options: v.record(
      v.string(),
      v.lazy(() => v.intersect([typeSchema, v.object({ hasDefault: v.boolean() })])),
    ),
  }),
]);

export const optionSchema = v.object({
  name: v.string(),
  /** Below `services.deployFinalize`; `*` stands for an entry of a list. */
  path: v.array(v.string()),
  declarations: v.array(v.string()),
  description: v.nullable(v.string()),
  default: v.nullable(v.string()),
  example: v.nullable(v.string()),
  isInternal: v.boolean(),
  type: typeSchema,
});
export type Option = v.InferOutput<typeof optionSchema>;

/** A Nix expression for every option of the module; parse it with `optionsSchema`. */
export const OPTIONS = withStandIn(
  `lib.describeOptions (view [ { } ]).host.options.services.deployFinalize`,
);
export const optionsSchema = v.array(optionSchema);

/** What is no setting of the program, but says where it comes from or how it is made. */
const OWN = new Set([
  "enable",
  "package",
  "configFile",
  "settings",
  "waitFor.autoDetectRunners",
  "loginNotice",
  "loginNotice.enable",
  "resetOnTrouble",
  "reboot.resetOnTrouble",
  "takeOver.autoUpgrade",
  "takeOver.comin",
]);

export function isOwn({ path }: Option): boolean {
  const isOfEntry = path.at(-2) === "<name>" && path.at(-1) === "enable";
  return isOfEntry || OWN.has(path.join("."));
}

/** The options that are settings of the program, without those within lists. */
export function settingsOf(options: readonly Option[]): Option[] {
  const isNested = ({ path }: Option): boolean =>
    options.some(
      (above) =>
        above.path.length < path.length && above.path.every((key, index) => path[index] === key),
    );
  return options.filter((option) => !option.isInternal && !isOwn(option) && !isNested(option));
}
