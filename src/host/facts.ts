import { readFileSync } from "node:fs";
import { decide, type Systems } from "../core/decision.ts";
import type { Facts } from "../core/machine-types.ts";
import type { FinalizationRecord } from "../core/record.ts";
import { messageOf, Refusal } from "../core/refusal.ts";
import { bootDefaultOf } from "../loader/fallback.ts";
import type { Host } from "./host.ts";
import type { Paths } from "./paths.ts";
import { generationOf } from "./profile.ts";
import type { RecordStore } from "./store.ts";
import { toplevelAt, viewSystem } from "./toplevel.ts";

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

/** The facts of now for a finalization. */
export async function observe(
  host: Host,
  store: RecordStore,
  rebootWhenChanged: readonly string[],
  record: FinalizationRecord,
): Promise<Facts> {
  const { paths } = host;
  const systems = await viewSystems(paths, record.target, rebootWhenChanged);
  const { previous } = record;
  const back =
    previous === null
      ? null
      : {
          ...systems,
          target: await viewSystem(previous, rebootWhenChanged, Object.values(systems)),
        };
  const current = systems.current.toplevel;
  return {
    bootId: readBootId(paths),
    booted: systems.booted.toplevel,
    current,
    currentGeneration: generationOf(record.profile, current),
    profile: toplevelAt(record.profile),
    bootDefault: bootDefaultOf(host),
    newest: store.newest(),
    actedSince: await store.actedSince(record.id),
    decision: decide(rebootWhenChanged, systems),
    wayBack: back === null ? null : decide(rebootWhenChanged, back),
    requests: store.requests(record.id),
  };
}

/** Names this boot of the kernel; every reboot brings another one. */
export function readBootId(paths: Paths): string {
  try {
    return readFileSync(paths.bootId, "utf8").trim();
  } catch (error) {
    throw new Refusal(`cannot tell this boot from others: ${messageOf(error)}`);
  }
}
