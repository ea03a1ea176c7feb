import type { RecordedHook } from "../core/record/hooks.ts";
import type { FinalizationRecord } from "../core/record/record.ts";
import { isTerminal } from "../core/states.ts";
import { troubleInWords } from "../core/user-units/judge.ts";
import { hanging } from "./explain-parts.ts";
import { type Mark, paint, type Style, symbol } from "./style.ts";
import { shortStorePath } from "./text.ts";

const MOST_LINES = 10;

/** The units that still ran old code when the system was verified; nothing if there are none. */
export function oldCodeLines(style: Style, { oldCode }: FinalizationRecord): string[] {
  if (oldCode === null) return [];
  if (oldCode.kind === "unknown") {
    return section(style, "old code", [
      `it is unknown which units still run old code: ${oldCode.why}`,
    ]);
  }
  const { units, more } = oldCode;
  if (units.length === 0) return [];
  const shown = units.slice(0, MOST_LINES).map(({ unit, why, processes, paths }) => {
    const count = processes === 1 ? "1 process" : `${processes} processes`;
    const reason = why === "unknown" ? "" : `; ${why}`;
    return `${unit} (${count}): ${shortStorePath(style, paths[0] ?? "")}${reason}`;
  });
  const left = units.length - shown.length + more;
  const rest = left === 0 ? [] : [`${left} more: deploy-finalize status --json`];
  const total = units.length + more;
  const title = `units that still ran old code at the end: ${total}`;
  return section(style, title, [...shown, ...rest]);
}

function section(style: Style, title: string, texts: readonly string[]): string[] {
  const lines = texts.flatMap((text) => hanging(style, `${symbol(style, "warning")} `, text));
  return ["", paint(style, "dim", title), ...lines];
}

/** The user units that newly failed, and the users who could not be examined. */
export function userUnitLines(style: Style, { userUnits }: FinalizationRecord): string[] {
  if (userUnits === null) return [];
  const failed = userUnits.failed.map(({ user, unit }) => `${unit} of ${user} failed`);
  const said = troubleInWords(userUnits);
  const unknown = userUnits.unknown.map(({ user, why }) => `unknown for ${user}: ${why}`);
  const texts = [...failed.slice(0, MOST_LINES), ...said, ...unknown.slice(0, MOST_LINES)];
  const left = failed.length + said.length + unknown.length - texts.length;
  const rest = left === 0 ? [] : [`${left} more: deploy-finalize status --json`];
  return texts.length === 0 ? [] : section(style, "user units", [...texts, ...rest]);
}

/** The hooks that have begun, and what went wrong in them; nothing if there are none. */
export function hookLines(style: Style, record: FinalizationRecord): string[] {
  const { hooks } = record;
  if (hooks.length === 0) return [];
  const lines = hooks.flatMap((hook) => {
    const words = `${hook.name}: ${stageInWords(hook, record)}`;
    const begin = (mark: Mark): string => `${symbol(style, mark)} `;
    const problems = hook.problems.flatMap((text) =>
      hanging(style, begin("warning"), `${hook.name}: ${text}`),
    );
    return [...hanging(style, begin(markOf(hook)), words), ...problems];
  });
  return ["", paint(style, "dim", "hooks"), ...lines];
}

function markOf({ stage, problems }: RecordedHook): Mark {
  if (stage !== "over") return "busy";
  return problems.length === 0 ? "good" : "warning";
}

function stageInWords({ stage, after }: RecordedHook, { state }: FinalizationRecord): string {
  if (stage === "over") return "over";
  if (isTerminal(state)) return after === null ? "ends now" : "its after runs, or is still to run";
  if (stage === "before") return "its before runs";
  return after === null ? "in force" : "in force until its after has run";
}
