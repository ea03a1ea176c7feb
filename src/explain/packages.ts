import type { Host } from "../host/process/host.ts";
import { describeEnd } from "../host/process/spawn.ts";
import type { ExplainJson } from "../json/explain.ts";

type Packages = ExplainJson["packages"];
/** `before` and `after` have an empty text for a package without a version. */
type PackageChange = Extract<Packages, { kind: "known" }>["changes"][number];

/** A large closure takes seconds. */
const NIX_MS = 60_000;

/** Nix calls these commands experimental. */
const EXPERIMENTAL = ["--extra-experimental-features", "nix-command"];

export async function comparePackages(
  host: Host,
  current: string,
  target: string,
): Promise<Packages> {
  if (current === target) return { kind: "known", changes: [] };
  const ended = await nix(host, ["store", "diff-closures"], [current, target]);
  if (ended.exitCode !== 0) return { kind: "unknown", why: describeEnd(ended) };
  return { kind: "known", changes: mostTellingFirst(parseClosureDiff(ended.stdout)) };
}

export async function closureSizes(
  host: Host,
  current: string,
  target: string,
): Promise<ExplainJson["closure"]> {
  const systems = [...new Set([current, target])];
  const ended = await nix(host, ["path-info", "--closure-size"], systems);
  if (ended.exitCode !== 0) return { kind: "unknown", why: describeEnd(ended) };
  const sizes = parseClosureSizes(ended.stdout);
  const [currentBytes, targetBytes] = [sizes.get(current), sizes.get(target)];
  return currentBytes === undefined || targetBytes === undefined
    ? { kind: "unknown", why: "nix path-info did not print the size of both systems" }
    : { kind: "known", currentBytes, targetBytes };
}

async function nix(host: Host, command: readonly string[], paths: readonly string[]) {
  const signal = AbortSignal.timeout(NIX_MS);
  return await host.spawn(["nix", ...command, ...EXPERIMENTAL, "--", ...paths], { signal });
}

const UNITS: ReadonlyMap<string, number> = new Map([
  ["B", 1],
  ["KiB", 1024],
  ["MiB", 1024 ** 2],
  ["GiB", 1024 ** 3],
  ["TiB", 1024 ** 4],
]);

/**
 * Parses `nix store diff-closures`, a line a package; skips other lines (notes/diff-closures.md).
 */
export function parseClosureDiff(text: string): PackageChange[] {
  return withoutEscapes(text).split("\n").flatMap(parseLine);
}

/** Versions, and the size after them or alone; a size is short. Nix 2.34 prints no plus. */
const SIZE_LAST =
  /^(.*?)(?:(?:^|, )([+-]\d[\d.]{0,20} ?[A-Za-z]{1,3}|\d[\d.]{0,20} (?:[KMGTPE]i)?B))?$/;

function parseLine(line: string): PackageChange[] {
  const [, name = "", rest = ""] = /^(\S+): (.+)$/.exec(line.trim()) ?? [];
  if (name === "") return [];
  const [, versions = "", size = ""] = SIZE_LAST.exec(rest) ?? [];
  const sides = versions === "" ? ["∅", "∅"] : versions.split(" → ");
  const [before, after] = sides;
  if (sides.length !== 2 || before === undefined || after === undefined) return [];
  const change = { name, before: parseVersions(before), after: parseVersions(after) };
  return [{ ...change, bytes: parseSize(size) }];
}

/** `∅` is no package, `ε` is a package without a version. */
function parseVersions(text: string): string[] {
  if (text === "∅") return [];
  return text.split(", ").map((version) => (version === "ε" ? "" : version));
}

/** Null below 8 KiB, which Nix does not print. */
function parseSize(text: string): number | null {
  const [, number = "", unit = ""] =
    /^([+-]?\d{1,15}(?:\.\d{1,15})?) ?([A-Za-z]+)$/.exec(text) ?? [];
  const factor = UNITS.get(unit);
  return number === "" || factor === undefined ? null : Math.round(Number(number) * factor);
}

/** Parses `nix path-info --closure-size`: a path and its bytes on each line. */
export function parseClosureSizes(text: string): Map<string, number> {
  const lines = withoutEscapes(text).matchAll(/^(\/\S+)[ \t]+(\d{1,15})[ \t]*$/gm);
  return new Map([...lines].map(([, path = "", bytes = ""]) => [path, Number(bytes)]));
}

function withoutEscapes(text: string): string {
  // oxlint-disable-next-line no-control-regex -- Nix colours sizes in a pipe too
  return text.replaceAll(/\u001B\[[\d;]*m/g, "");
}

/**
 * The most important first: another version, then new, then removed, then another size, and last
 * those without a version, such as the units and files in /etc.
 */
export function mostTellingFirst(changes: readonly PackageChange[]): PackageChange[] {
  return changes.toSorted((a, b) => rank(a) - rank(b));
}

function rank({ before, after }: PackageChange): number {
  if (hasVersion(before) && hasVersion(after)) return 0;
  if (hasVersion(after)) return 1;
  if (hasVersion(before)) return 2;
  return before.length + after.length === 0 ? 3 : 4;
}

function hasVersion(versions: readonly string[]): boolean {
  return versions.some((version) => version !== "");
}
