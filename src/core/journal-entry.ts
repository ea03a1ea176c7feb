import { EVENT_KINDS, type EventKind } from "./event-kinds.ts";
import { RESUME_UNIT, unitName } from "./id.ts";
import { awaitsConfirmation, type FinalizationRecord } from "./record.ts";
import { isTerminal } from "./states.ts";

/** One entry of the journal. */
export interface JournalEntry {
  /** The line that people read. */
  readonly message: string;
  /**
   * The units that it is about. `journalctl --unit` finds it by them, whoever writes it: the
   * journal cannot always tell the unit of a program that ends as soon as it has written
   * (notes/journal.md).
   */
  readonly units: readonly string[];
  /** By field name: systemd.journal-fields(7), and ours, which begin with DEPLOY_FINALIZE. */
  readonly fields: Readonly<Record<string, string>>;
}

/** What the journal is told when a finalization has entered the state that it is in. */
export function stateEntry(record: FinalizationRecord): JournalEntry {
  const { id, state, plan, target, previous, timeline, rollbackOf } = record;
  const kind = awaitsConfirmation(record) ? "confirmation-wanted" : state;
  return eventEntry(kind, id, `${state}: ${timeline.at(-1)?.detail ?? ""}`, {
    STATE: state,
    ACTION: plan.action,
    TARGET: target,
    ...(previous !== null && { PREVIOUS: previous }),
    ...(rollbackOf !== null && { ROLLBACK_OF: rollbackOf }),
    ...(isTerminal(state) && { OUTCOME: state, REASON: record.outcome?.reason ?? "" }),
  });
}

/**
 * What the journal is told of anything else.
 *
 * @param own further fields, named without their prefix
 */
export function eventEntry(
  kind: EventKind,
  id: string,
  message: string,
  own: Readonly<Record<string, string>> = {},
): JournalEntry {
  const { messageId, priority } = EVENT_KINDS[kind];
  const ours = Object.entries({ ID: id, EVENT: kind, ...own });
  const fields = {
    MESSAGE: message,
    MESSAGE_ID: messageId,
    PRIORITY: String(priority),
    SYSLOG_IDENTIFIER: "deploy-finalize",
    ...Object.fromEntries(ours.map(([name, value]) => [`DEPLOY_FINALIZE_${name}`, value])),
  };
  const resumes = kind === "taken-up" ? [RESUME_UNIT] : [];
  return { message, units: [`${unitName(id)}.service`, ...resumes], fields };
}

/**
 * The entry as `logger --journald` reads it: one field a line, so a value must hold no end
 * of a line, or its rest would be a field of its own. Other control characters go too: the
 * journal would show the whole value as a blob.
 */
export function formatEntry({ fields, units }: JournalEntry): string {
  const about = units.map((unit) => ["OBJECT_SYSTEMD_UNIT", unit] as const);
  return [...Object.entries(fields), ...about]
    .map(([name, value]) => `${name}=${oneLine(value)}\n`)
    .join("");
}

function oneLine(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  return text.replaceAll(/[\u0000-\u001F\u007F-\u009F\u2028\u2029]+/g, " ").trim();
}
