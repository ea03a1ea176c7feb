import { mkdirSync } from "node:fs";
import type { LockConfig } from "../../src/core/config/lock-config.ts";
import type { Slot } from "../../src/core/record/slot.ts";
import { APPLICATION_ID, holderId } from "../../src/fleet/holder.ts";
import { SlotStore } from "../../src/fleet/slot-store.ts";
import { OperatedHost } from "./operating.ts";

const MACHINE_ID = "0123456789abcdef0123456789abcdef";

/** The name of a locked host with its lock server. */
export const HOLDER = holderId(MACHINE_ID, APPLICATION_ID);

export const ID = "20261122-213000-aaaa";

/** A host with a fleet lock. */
export class LockedHost extends OperatedHost {
  readonly slots = new SlotStore(this.store.folder, () => {});

  constructor(lock: LockConfig | null, config: object = {}) {
    super();
    this.folder.write("etc/machine-id", `${MACHINE_ID}\n`);
    const profile = this.folder.at("profiles/system");
    this.folder.write("config.json", JSON.stringify({ profile, lock, ...config }));
    this.ends["flock"] = { stdout: "held\n" };
  }

  hold(lock: LockConfig, keptBecause: string | null = null, changes: Partial<Slot> = {}): void {
    mkdirSync(this.store.folder, { recursive: true });
    this.slots.write({
      schemaVersion: 1,
      finalization: ID,
      holder: HOLDER,
      attempt: 1,
      state: "held",
      askedAt: "2026-11-22T21:20:00.000Z",
      clock: null,
      takenAt: "2026-11-22T21:27:00.000Z",
      lease: null,
      lock,
      keptBecause,
      ...changes,
    });
  }
}
