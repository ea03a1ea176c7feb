import * as v from "valibot";
import { jsonAs } from "../../core/answer.ts";
import type { LogJson } from "../../json/history.ts";

/** A field that is not text is a list of bytes; a repeated field is a list. */
const field = v.optional(v.union([v.string(), v.array(v.unknown()), v.null()]));

/** systemd.journal-fields(7), as `journalctl --output=json` prints them. */
const entrySchema = v.object({
  /** Microseconds: with more digits they are in no year that a Date can write with four. */
  __REALTIME_TIMESTAMP: v.pipe(v.string(), v.regex(/^\d{1,17}$/)),
  MESSAGE: field,
  MESSAGE_ID: field,
  PRIORITY: field,
  UNIT: field,
  _SYSTEMD_UNIT: field,
  DEPLOY_FINALIZE_STATE: field,
});

/** Parses one line of the journal's JSON; empty if the line is not an entry. */
export function parseJournal(line: string): LogJson[] {
  const entry = jsonAs(entrySchema, line);
  if (entry === null) return [];
  const priority = textOf(entry.PRIORITY);
  return [
    {
      schemaVersion: 1,
      at: new Date(Number(entry["__REALTIME_TIMESTAMP"]) / 1000).toISOString(),
      message: textOf(entry.MESSAGE) ?? "",
      unit: textOf(entry.UNIT) ?? textOf(entry["_SYSTEMD_UNIT"]),
      priority: priority !== null && /^\d$/.test(priority) ? Number(priority) : null,
      messageId: textOf(entry.MESSAGE_ID),
      state: textOf(entry.DEPLOY_FINALIZE_STATE),
    },
  ];
}

function textOf(value: v.InferOutput<typeof field>): string | null {
  if (typeof value === "string") return value;
  if (!Array.isArray(value)) return null;
  const bytes = value.filter((item) => typeof item === "number");
  if (bytes.length === value.length) return Buffer.from(bytes).toString("utf8");
  const [first] = value;
  return typeof first === "string" ? first : null;
}
