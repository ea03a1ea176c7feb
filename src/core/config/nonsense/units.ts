import { matchesGlob } from "../../glob.ts";
import { nearest } from "../../nearest.ts";
import type { Config } from "../config.ts";
import type { Nonsense } from "./kind.ts";

/** The suffixes of units: systemd.unit(5). */
const KINDS = [
  ".service",
  ".socket",
  ".device",
  ".mount",
  ".automount",
  ".swap",
  ".target",
  ".path",
  ".timer",
  ".slice",
  ".scope",
];

/** Whether a name, or a glob, may be the whole name of a unit. The schema refuses one without a suffix. */
function mayBeUnit(glob: string): boolean {
  if (!/[*?]|\.[a-z]+$/.test(glob)) return true;
  // What follows the last * is the end of the name.
  const end = glob.slice(glob.lastIndexOf("*") + 1);
  return KINDS.some((kind) => {
    const length = Math.min(end.length, kind.length);
    return matchesGlob(end.slice(end.length - length), kind.slice(kind.length - length));
  });
}

function whyNone(name: string): string {
  const suffix = /\.[a-z]+$/.exec(name)?.[0] ?? null;
  const meant = suffix === null ? null : nearest(suffix, KINDS);
  const hint =
    meant === null || suffix === null
      ? `a unit ends in its kind, such as ${name}.service`
      : `did you mean ${name.slice(0, -suffix.length)}${meant}?`;
  return `has ${name}, which is the name of no unit: ${hint}`;
}

const NAMED: readonly [key: string, of: (config: Config) => readonly string[]][] = [
  ["waitFor.runners", ({ waitFor }) => waitFor.runners.map(({ unit }) => unit)],
  ["waitFor.units", ({ waitFor }) => waitFor.units],
  ["verify.ignoreFailedUnits", ({ verify }) => verify.ignoreFailedUnits],
  [
    "verify.checks",
    ({ verify }) => verify.checks.flatMap((check) => (check.kind === "unit" ? [check.unit] : [])),
  ],
];

/** Names that no unit can have: nothing would be waited for, and no check would pass. */
export const UNIT_NONSENSE: readonly Nonsense[] = NAMED.map(([key, of]) => ({
  key,
  why: (config) => {
    const wrong = of(config).find((name) => !mayBeUnit(name));
    return wrong === undefined ? null : whyNone(wrong);
  },
}));
