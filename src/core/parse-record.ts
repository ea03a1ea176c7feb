import * as v from "valibot";
import type { FinalizationRecord } from "./record.ts";
import { recordSchema } from "./record-schema.ts";
import { messageOf } from "./refusal.ts";

export type ParsedRecord =
  | { readonly kind: "record"; readonly record: FinalizationRecord }
  | { readonly kind: "broken"; readonly why: string };

/** Reads the text of a record; anything that is not a whole, known record is broken. */
export function parseRecord(text: string): ParsedRecord {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { kind: "broken", why: `not JSON: ${messageOf(error)}` };
  }
  const newer = newerVersion(value);
  if (newer !== null) {
    return { kind: "broken", why: `schema version ${newer}, written by a newer deploy-finalize` };
  }
  const parsed = v.safeParse(recordSchema, value);
  if (parsed.success) return { kind: "record", record: parsed.output };
  const [issue] = parsed.issues;
  return { kind: "broken", why: `${v.getDotPath(issue) ?? "record"}: ${issue.message}` };
}

function newerVersion(value: unknown): number | null {
  const parsed = v.safeParse(v.object({ schemaVersion: v.pipe(v.number(), v.minValue(2)) }), value);
  return parsed.success ? parsed.output.schemaVersion : null;
}
