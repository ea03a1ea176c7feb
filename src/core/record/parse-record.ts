import * as v from "valibot";
import type { FinalizationRecord } from "./record.ts";
import { recordSchema } from "./record-schema.ts";
import { quoted } from "../answer.ts";
import { messageOf } from "../refusal.ts";

export type ParsedRecord =
  | { readonly kind: "record"; readonly record: FinalizationRecord }
  | { readonly kind: "broken"; readonly why: string }
  | NewerRecord;

/**
 * A record that a newer program has written. This one may only bring the previous system back with
 * it; `record` is null if it does not have the fields that this needs.
 */
export interface NewerRecord {
  readonly kind: "newer";
  readonly why: string;
  readonly record: FinalizationRecord | null;
}

export function parseRecord(text: string): ParsedRecord {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { kind: "broken", why: quoted(`not JSON: ${messageOf(error)}`) };
  }
  const newer = newerVersion(value);
  if (newer !== null) {
    const why = `schema version ${newer.schemaVersion}, written by a newer deploy-finalize`;
    const known = v.safeParse(recordSchema, { ...newer, schemaVersion: 1 });
    return { kind: "newer", why, record: known.success ? known.output : null };
  }
  const parsed = v.safeParse(recordSchema, value);
  if (parsed.success) return { kind: "record", record: parsed.output };
  const [issue] = parsed.issues;
  return { kind: "broken", why: quoted(`${v.getDotPath(issue) ?? "record"}: ${issue.message}`) };
}

const newerSchema = v.looseObject({ schemaVersion: v.pipe(v.number(), v.minValue(2)) });

function newerVersion(value: unknown): v.InferOutput<typeof newerSchema> | null {
  const parsed = v.safeParse(newerSchema, value);
  return parsed.success ? parsed.output : null;
}
