import type { ExplainJson } from "../json/explain.ts";
import { age } from "../core/age.ts";
import {
  fallbackLines,
  gates,
  hanging,
  hooks,
  INDENT,
  rows,
  specialisation,
  told,
  units,
  userUnits,
  verification,
} from "./explain-parts.ts";
import { closureLine, packageRows } from "./explain-packages.ts";
import { paint, paintMark, type Style, symbol } from "./style.ts";
import { cut, cutMiddle, wrap } from "./text.ts";

/** What would happen and why: first the verdict, then the reasons. */
export function explainScreen(style: Style, seen: ExplainJson, now: Date): string[] {
  const inner = { ...style, width: style.width - INDENT.length };
  const sections: [string, string[]][] = [
    ["Compared with the booted system", compared(inner, seen)],
    ["Specialisation", specialisation(inner, seen)],
    ["Units", units(inner, seen)],
    ["User units", userUnits(inner, seen)],
    ["Changes that apply at the next boot", nextBoot(inner, seen)],
    ["If the target does not boot", fallbackLines(inner, seen)],
    ["Packages", packages(inner, seen)],
    ["Gates: it acts when all are open", gates(inner, seen, now)],
    ["Hooks: right before it acts, and at the end", hooks(inner, seen)],
    ["Verification afterwards", verification(inner, seen)],
    ["Not visible", seen.unseen.flatMap((text) => wrap(inner, told(style, text), inner.width))],
  ];
  const shown = sections.filter(([, lines]) => lines.length > 0);
  const body = shown.flatMap(([title, lines]) => [
    "",
    paint(style, "bold", title),
    ...lines.map((line) => `${INDENT}${line}`),
  ]);
  return [...head(style, seen), ...warnings(style, seen, now), ...body];
}

function head(style: Style, { verdict, decision, systems, profile }: ExplainJson): string[] {
  const mark = decision.action === "refuse" ? "bad" : "busy";
  const { current, target } = systems;
  const words = [
    `NixOS ${fromTo(current.version ?? "unknown", target.version ?? "unknown")}`,
    `generation ${generations(current.generation, target.generation)}`,
    `of ${profile}`,
  ];
  return [
    ...wrap(style, told(style, verdict), style.width).map((line) => paintMark(style, mark, line)),
    ...wrap(style, told(style, words.join(", ").replace(", of", " of")), style.width),
  ];
}

/** A target that is in no generation yet, as in a dry run of deploy-rs, gets one with the deploy. */
function generations(current: number | null, target: number | null): string {
  const none = current === null ? "none" : "new";
  return fromTo(current ?? "none", target ?? none);
}

function fromTo(from: string | number, to: string | number): string {
  return from === to ? String(to) : `${from} → ${to}`;
}

function warnings(style: Style, seen: ExplainJson, now: Date): string[] {
  return seen.warnings.flatMap(({ text, at }) => {
    const when = at === null ? "" : `, ${age(new Date(at), now)}`;
    return hanging(style, `${symbol(style, "warning")} `, `${text}${when}`);
  });
}

/** One line for an unchanged name, and both paths for a changed one. */
function compared(style: Style, { components }: ExplainJson): string[] {
  return components.flatMap(({ name, change, booted, target }) => {
    if (change === "same")
      return [told(style, `${name}: the same${inParentheses(target.version)}`)];
    const versions =
      booted.version === target.version
        ? inParentheses(target.version)
        : ` (${booted.version ?? "?"} → ${target.version ?? "?"})`;
    const path = (side: { path: string | null }) =>
      `${INDENT}${cutMiddle(style, told(style, side.path ?? "missing"), style.width - INDENT.length)}`;
    return [
      cut(style, told(style, `${name}: ${change}${versions}`), style.width),
      path(booted),
      path(target),
    ];
  });
}

function inParentheses(text: string | null): string {
  return text === null ? "" : ` (${text})`;
}

function nextBoot(style: Style, { nextBoot: waiting }: ExplainJson): string[] {
  return rows(
    style,
    waiting.map(({ what, detail }) => [what, detail]),
  );
}

function packages(style: Style, { packages: seen, closure, decision }: ExplainJson): string[] {
  const size = closureLine(closure);
  if (seen.kind === "unknown") {
    return decision.action === "refuse"
      ? []
      : wrap(style, told(style, `unknown: ${seen.why}`), style.width);
  }
  const listed = seen.changes.length === 0 ? ["none changed"] : packageRows(style, seen.changes);
  return [...listed, ...wrap(style, told(style, size), style.width)];
}
