import { viewComingBack } from "../../explain/fallback.ts";
import { type HostNow, viewHost } from "../../explain/host-now.ts";
import { lookAtDriven } from "../../finalize/finalization-now.ts";
import type { Services } from "../../finalize/undo-deploy.ts";
import { lookAtPart } from "../../fleet/part/part-store.ts";
import { SlotStore } from "../../fleet/slot-store.ts";
import { listFolder } from "../../host/files/durable.ts";
import type { Paths } from "../../host/files/paths.ts";
import { toFinalizationJson } from "../../json/finalization.ts";
import { toOwnSlotJson } from "../../json/lock.ts";
import type { StatusJson } from "../../json/status.ts";
import { headline } from "../../view/headline.ts";
import type { ViewedFinalization } from "../../view/hints.ts";
import type { StatusNow } from "../../view/status-screen.ts";
import { whatNext } from "../../view/what-next.ts";
import type { Context } from "../context.ts";
import { findRecord } from "./find-record.ts";
import { accessTo, configFor } from "./guards.ts";

export interface Asked extends Services {
  readonly context: Context;
  readonly wanted: string | undefined;
}

/**
 * Looks at the host and at the finalization that is meant.
 *
 * @throws Refusal if that finalization does not exist or cannot be read
 */
export async function lookAtStatus(asked: Asked): Promise<StatusNow> {
  const { context, host, config } = asked;
  const finalization = await lookAtFinalization(asked);
  const profile = "record" in finalization ? finalization.record.profile : config.profile;
  const seen = await viewHost(host, profile, config.rebootWhenChanged);
  const [target, previous] = [seen.profile.toplevel, seen.current.toplevel];
  return {
    now: context.now(),
    hostName: context.hostName,
    host: seen,
    // Others cannot read what boots.
    fallback:
      context.userId === 0
        ? await viewComingBack(host, config, { profile, target, previous })
        : null,
    finalization,
    // The slot is in the folder of the records: if those are hidden, the screen says so already.
    slot:
      finalization.kind === "hidden"
        ? { kind: "none" }
        : new SlotStore(config.stateDir, host.say).look(),
    user: context.userId === 0 ? "root" : "other",
  };
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
  const own = await configFor(driven.record, config);
  const rollback = own.rollback.enable ? "enabled" : "disabled";
  const part = await lookAtPart(store, driven.record.id);
  return { kind: "known", ...driven, now: context.now(), place, rollback, part };
}

/** Our loaded transient units. Every user can see their files, unlike the records. */
function pendingUnits(paths: Paths): string[] {
  const names = paths.unitFolders.flatMap((folder) => listFolder(folder));
  const ours = names.filter((name) => /^deploy-finalize-\d.*\.(timer|service)$/.test(name));
  return [...new Set(ours)].toSorted();
}

export function toStatusJson(status: StatusNow): StatusJson {
  const { finalization, host, fallback, slot } = status;
  const { rebootRequired, bootLoader, ...systems } = host;
  const common = {
    schemaVersion: 1 as const,
    host: { name: status.hostName, ...systems, rebootRequired },
    bootLoader,
    fallback,
    slot: slot.kind === "slot" ? toOwnSlotJson(slot.slot) : null,
    slotUnknown: slot.kind === "unknown" ? slot.why : null,
  };
  const nothing = { ...common, finalization: null, next: null, driver: null, waiting: null };
  switch (finalization.kind) {
    case "none":
      return { ...nothing, hidden: null, summary: "no finalization on this host yet" };
    case "hidden":
      return { ...nothing, hidden: finalization.why, summary: "this user cannot see the records" };
    case "known":
      return { ...common, hidden: null, ...finalizationPart(finalization, host) };
  }
}

function finalizationPart(viewed: ViewedFinalization, host: HostNow) {
  const { record, driver, waiting } = viewed;
  const { next } = whatNext(viewed, host);
  const summary = headline(record, viewed);
  return { finalization: toFinalizationJson(record), summary, next, driver, waiting };
}
