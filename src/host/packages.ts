import {
  mostTellingFirst,
  type PackageChange,
  parseClosureDiff,
  parseClosureSizes,
} from "../core/explain-closures.ts";
import type { Host } from "./host.ts";
import { describeEnd } from "./spawn.ts";

export type Unknown = { readonly kind: "unknown"; readonly why: string };
export type PackageChanges =
  | { readonly kind: "known"; readonly changes: PackageChange[] }
  | Unknown;
export type ClosureSizes =
  | { readonly kind: "known"; readonly currentBytes: number; readonly targetBytes: number }
  | Unknown;

/** Looking through a large closure takes seconds; longer than this, nobody waits for it. */
const NIX_MS = 60_000;

/** These commands are called experimental in every Nix so far. */
const EXPERIMENTAL = ["--extra-experimental-features", "nix-command"];

/** Which packages differ between two systems. */
export async function comparePackages(
  host: Host,
  current: string,
  target: string,
): Promise<PackageChanges> {
  if (current === target) return { kind: "known", changes: [] };
  const ended = await nix(host, ["store", "diff-closures"], [current, target]);
  if (ended.exitCode !== 0) return { kind: "unknown", why: describeEnd(ended) };
  return { kind: "known", changes: mostTellingFirst(parseClosureDiff(ended.stdout)) };
}

/** What two systems take up in the store, with all that they need. */
export async function closureSizes(
  host: Host,
  current: string,
  target: string,
): Promise<ClosureSizes> {
  const systems = [...new Set([current, target])];
  const ended = await nix(host, ["path-info", "--closure-size"], systems);
  if (ended.exitCode !== 0) return { kind: "unknown", why: describeEnd(ended) };
  const sizes = parseClosureSizes(ended.stdout);
  const [currentBytes, targetBytes] = [sizes.get(current), sizes.get(target)];
  return currentBytes === undefined || targetBytes === undefined
    ? { kind: "unknown", why: "nix path-info did not tell the size of both systems" }
    : { kind: "known", currentBytes, targetBytes };
}

async function nix(host: Host, command: readonly string[], paths: readonly string[]) {
  const signal = AbortSignal.timeout(NIX_MS);
  return await host.spawn(["nix", ...command, ...EXPERIMENTAL, "--", ...paths], { signal });
}
