import { readFileSync } from "node:fs";
import type { Systems } from "../../core/decision/decision.ts";
import { messageOf, Refusal } from "../../core/refusal.ts";
import type { Paths } from "../files/paths.ts";
import { viewSystem } from "./toplevel.ts";

/** The three systems that the decision compares. */
export async function viewSystems(
  paths: Paths,
  target: string,
  names: readonly string[],
): Promise<Systems> {
  const booted = await viewSystem(paths.bootedSystem, names);
  const current = await viewSystem(paths.currentSystem, names, [booted]);
  return { booted, current, target: await viewSystem(target, names, [booted, current]) };
}

/** Names this boot of the kernel; every reboot brings another one. */
export function readBootId(paths: Paths): string {
  try {
    return readFileSync(paths.bootId, "utf8").trim();
  } catch (error) {
    throw new Refusal(`cannot tell this boot from others: ${messageOf(error)}`);
  }
}
