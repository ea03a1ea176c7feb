import * as v from "valibot";
import { jsonIn } from "../core/answer.ts";
import type { LogJson } from "../json/log.ts";

/** A field that journald could not show as text is a list of bytes; one given twice is a list. */
const field = v.optional(v.union([v.string(), v.array(v.unknown()), v.null()]));

/** systemd.journal-fields(7), as `journalctl --output=json` prints them. */
const entrySchema = v.object({
  __REALTIME_TIMESTAMP: v.pipe(v.string(), v.regex(/^\d+$/)),
  MESSAGE: field,
  MESSAGE_ID: field,
  PRIORITY: field,
  UNIT: field,
  _SYSTEMD_UNIT: field,
  DEPLOY_FINALIZE_STATE: field,
});

/** One line of the journal's JSON; nothing for a line that is no entry. */
export function parseJournal(line: string): LogJson[] {
  const parsed = v.safeParse(entrySchema, jsonIn(line));
  if (!parsed.success) return [];
  const entry = parsed.output;
  const priority = textOf(entry.PRIORITY);
  return [
    {
      schemaVersion: 1,
      at: new Date(Number(entry["__REALTIME_TIMESTAMP"]) / 1000).toISOString(),
      message: textOf(entry.MESSAGE) ?? "",
      unit: textOf(entry.UNIT) ?? textOf(entry["_SYSTEMD_UNIT"]),
      priority: priority === null ? null : Number(priority),
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
