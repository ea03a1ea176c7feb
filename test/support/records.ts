import type { Facts, Policy, Requests } from "../../src/core/machine/types.ts";
import { type FinalizationRecord, newRecord } from "../../src/core/record/record.ts";

export const TARGET = "/nix/store/target";
export const PREVIOUS = "/nix/store/previous";

/** A record as scheduling makes it; `changes` replaces single fields. */
export function aRecord(changes: Partial<FinalizationRecord> = {}): FinalizationRecord {
  const record = newRecord({
    id: "20261122-213000-aaaa",
    host: "web1",
    profile: "/nix/var/nix/profiles/system",
    configFile: null,
    target: TARGET,
    targetGeneration: 2,
    previous: PREVIOUS,
    previousGeneration: 1,
    plan: { action: "switch", reason: "services only", changed: [] },
    delay: { seconds: 60, source: "automatic" },
    scheduledAt: "2026-11-22T21:30:00.000Z",
    fireAt: "2026-11-22T21:31:00.000Z",
    requester: { user: "root", sshClient: null, sessionId: null },
    bootId: "boot-1",
  });
  return { ...record, ...changes };
}

export const NO_REQUESTS: Requests = { cancel: null, confirm: null, rollback: null, now: null };

/** A host on the previous system, with the target as its profile and nothing in the way of a switch. */
export const FACTS: Facts = {
  bootId: "boot-1",
  uptime: 1000,
  booted: PREVIOUS,
  current: PREVIOUS,
  currentGeneration: 1,
  currentProfile: null,
  profile: TARGET,
  specialisation: null,
  bootDefault: null,
  isBootDefaultHeld: false,
  newest: "20261122-213000-aaaa",
  actedSince: null,
  decision: { action: "switch", reason: "services only", changed: [] },
  rollbackDecision: { action: "switch", reason: "services only", changed: [] },
  requests: NO_REQUESTS,
};

export const POLICY: Policy = {
  reboot: "allowed",
  rebootBack: "allowed",
  whilePutOff: "wait",
  rollback: "enabled",
  confirmWithin: null,
  slotOnRollback: "keep",
  hooks: [],
};
