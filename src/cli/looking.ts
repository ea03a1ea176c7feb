import type { Config } from "../core/config.ts";
import { lookAtDriven } from "../host/finalization-now.ts";
import type { Host } from "../host/host.ts";
import { type HostNow, viewHost } from "../host/host-view.ts";
import { listFolder } from "../host/durable.ts";
import type { Paths } from "../host/paths.ts";
import { RecordStore } from "../host/store.ts";
import { toFinalizationJson } from "../json/finalization.ts";
import { toOwnSlotJson } from "../json/lock.ts";
import type { StatusJson } from "../json/status.ts";
import { type SlotSeen, SlotStore } from "../lock/slot-store.ts";
import { headline } from "../view/headline.ts";
import { outlook } from "../view/outlook.ts";
import type { StatusNow } from "../view/status-screen.ts";
import { type Context, hostOf, type CommonOptions } from "./context.ts";
import { findRecord } from "./find-record.ts";
import { accessTo, configFor } from "./record-access.ts";

/** What `status` is asked for, found out once. */
export interface Asked {
  readonly context: Context;
  readonly host: Host;
  readonly config: Config;
  readonly store: RecordStore;
  readonly wanted: string | undefined;
}

export function ask(
  context: Context,
  config: Config,
  wanted: string | undefined,
  options: CommonOptions,
): Asked {
  const store = new RecordStore(config.stateDir);
  return { context, host: hostOf(context, options), config, store, wanted };
}

/**
 * Looks at the host and at the finalization that is meant.
 *
 * @throws Refusal where that one is not there or cannot be read
 */
export async function lookAtStatus(asked: Asked): Promise<StatusNow> {
  const { context, host, config } = asked;
  const finalization = await lookAtFinalization(asked);
  const profile = "record" in finalization ? finalization.record.profile : config.profile;
  return {
    now: context.now(),
    hostName: context.hostName,
    host: await viewHost(host, profile, config.rebootWhenChanged),
    finalization,
    // It lies with the records: whoever may not see those is told so already.
    slot: finalization.kind === "hidden" ? { kind: "none" } : slotOf(asked),
    user: context.userId === 0 ? "root" : "other",
  };
}

function slotOf({ config, host }: Asked): SlotSeen {
  return new SlotStore(config.stateDir, host.say).look();
}

async function lookAtFinalization(asked: Asked): Promise<StatusNow["finalization"]> {
  const { context, host, config, store, wanted } = asked;
  const access = accessTo(store);
  if (access.kind === "denied") {
    return { kind: "hidden", why: access.why, pending: pendingUnits(host.paths) };
  }
  const newest = store.newest();
  if (newest === null && wanted === undefined) return { kind: "none" };
  const record = await findRecord(store, wanted);
  const driven = await lookAtDriven(host, store, record);
  const place = driven.record.id === newest ? "newest" : "older";
  const { rollback } = await configFor(driven.record, config);
  const wayBack = rollback.enable ? "enabled" : "disabled";
  return { kind: "known", ...driven, now: context.now(), place, wayBack };
}

/** Our transient units that are loaded: their files tell, also to those who may not see the records. */
function pendingUnits(paths: Paths): string[] {
  const names = paths.unitFolders.flatMap((folder) => listFolder(folder));
  const ours = names.filter((name) => /^deploy-finalize-\d.*\.(timer|service)$/.test(name));
  return [...new Set(ours)].toSorted();
}

/** What `status --json` prints. */
export function toStatusJson(status: StatusNow): StatusJson {
  const { finalization, host, slot } = status;
  const { rebootRequired, bootLoader, ...systems } = host;
  const common = {
    schemaVersion: 1 as const,
    host: { name: status.hostName, ...systems, rebootRequired },
    bootLoader,
    slot: slot.kind === "slot" ? toOwnSlotJson(slot.slot) : null,
    slotUnknown: slot.kind === "unknown" ? slot.why : null,
  };
  const nothing = { ...common, finalization: null, next: null, driver: null, waiting: null };
  switch (finalization.kind) {
    case "none":
      return { ...nothing, hidden: null, summary: "nothing has been finalized on this host yet" };
    case "hidden":
      return { ...nothing, hidden: finalization.why, summary: "the records cannot be seen" };
    case "known":
      return { ...common, hidden: null, ...finalizationPart(finalization, host) };
  }
}

type Known = Extract<StatusNow["finalization"], { kind: "known" }>;

function finalizationPart(known: Known, host: HostNow) {
  const { record, driver, waiting } = known;
  const { next } = outlook(known, host);
  const summary = headline(record, known);
  return { finalization: toFinalizationJson(record), summary, next, driver, waiting };
}
