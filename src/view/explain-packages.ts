import type { ExplainJson } from "../json/explain.ts";
import { told } from "./explain-parts.ts";
import type { Style } from "./style.ts";
import { table } from "./table.ts";

type Change = Extract<ExplainJson["packages"], { kind: "known" }>["changes"][number];

/** More do not help at a glance. */
const MOST_SHOWN = 12;

export function packageRows(style: Style, changes: readonly Change[]): string[] {
  const columns = [
    { title: "", shrink: "middle" },
    { title: "", shrink: "end" },
    { title: "", align: "right" },
  ] as const;
  const shown = changes.slice(0, MOST_SHOWN);
  const lines = table(
    style,
    columns,
    shown.map((change) => [
      told(style, change.name),
      told(style, versionsInWords(change)),
      change.bytes === null ? "" : growth(change.bytes),
    ]),
  );
  const more = changes.length - shown.length;
  return more === 0 ? lines : [...lines, `and ${more} more; --json shows all`];
}

function versionsInWords({ before, after }: Change): string {
  if (before.length === 0 && after.length === 0) return "";
  if (before.length === 0) return `new${listed(after)}`;
  if (after.length === 0) return `removed${listed(before)}`;
  return `${namesOf(before)} → ${namesOf(after)}`;
}

function listed(versions: readonly string[]): string {
  const names = versions.filter((version) => version !== "");
  return names.length === 0 ? "" : `: ${names.join(", ")}`;
}

function namesOf(versions: readonly string[]): string {
  return versions.map((version) => version || "no version").join(", ");
}

export function closureLine(closure: ExplainJson["closure"]): string {
  if (closure.kind === "unknown") return `closure size unknown: ${closure.why}`;
  const { currentBytes, targetBytes } = closure;
  return `closure ${inBytes(targetBytes)}, ${growth(targetBytes - currentBytes)}`;
}

function growth(bytes: number): string {
  return bytes === 0 ? "unchanged" : `${bytes > 0 ? "+" : "-"}${inBytes(Math.abs(bytes))}`;
}

function inBytes(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  const power = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10));
  const number = bytes / 1024 ** power;
  return `${power === 0 ? number : number.toFixed(1)} ${units[power]}`;
}
