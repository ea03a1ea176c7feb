import * as v from "valibot";

/** A schema with a description for docs/json.md. */
export function described<const S extends v.GenericSchema>(schema: S, text: string) {
  return v.pipe(schema, v.description<v.InferOutput<S>, string>(text));
}

/** A value or null; the description says when it is null. */
export function orNull<const S extends v.GenericSchema>(schema: S, text: string) {
  return described(v.nullable(schema), text);
}
