/** How a package differs between two closures. */
export interface PackageChange {
  readonly name: string;
  /** Versions that only one of the closures has; a package without a version has an empty one. */
  readonly before: string[];
  readonly after: string[];
  /** By how much it grew; null where Nix does not say, as it is less than 8 KiB. */
  readonly bytes: number | null;
}

const UNITS: Readonly<Record<string, number>> = {
  B: 1,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
  TiB: 1024 ** 4,
};

/**
 * Reads what `nix store diff-closures` prints, a line a package; lines of any other
 * form are left out (notes/diff-closures.md).
 */
export function parseClosureDiff(text: string): PackageChange[] {
  return withoutEscapes(text).split("\n").flatMap(parseLine);
}

function parseLine(line: string): PackageChange[] {
  const [, name = "", rest = ""] = /^(\S+): (.+)$/.exec(line.trim()) ?? [];
  if (name === "") return [];
  const [, versions = "", size = ""] = /^(.*?)(?:(?:^|, )([+-]\d[\d.]* ?\w+))?$/.exec(rest) ?? [];
  const sides = versions === "" ? ["∅", "∅"] : versions.split(" → ");
  const [before, after] = sides;
  if (sides.length !== 2 || before === undefined || after === undefined) return [];
  const change = { name, before: parseVersions(before), after: parseVersions(after) };
  return [{ ...change, bytes: parseSize(size) }];
}

/** `∅` is none at all, `ε` is one without a version. */
function parseVersions(text: string): string[] {
  if (text === "∅") return [];
  return text.split(", ").map((version) => (version === "ε" ? "" : version));
}

function parseSize(text: string): number | null {
  const [, number = "", unit = ""] = /^([+-]\d+(?:\.\d+)?) ?(\w+)$/.exec(text) ?? [];
  const factor = UNITS[unit];
  return number === "" || factor === undefined ? null : Math.round(Number(number) * factor);
}

/** Reads `nix path-info --closure-size`: a path and its bytes on each line. */
export function parseClosureSizes(text: string): Map<string, number> {
  const lines = withoutEscapes(text).matchAll(/^(\/\S+)\s+(\d+)\s*$/gm);
  return new Map([...lines].map(([, path = "", bytes = ""]) => [path, Number(bytes)]));
}

function withoutEscapes(text: string): string {
  // oxlint-disable-next-line no-control-regex -- Nix colours sizes also for a pipe
  return text.replaceAll(/\u001B\[[\d;]*m/g, "");
}

/**
 * Those that say most first: another version, then new, then gone, then only another size,
 * and last those without a version: on NixOS every unit and file in /etc is such a package.
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
