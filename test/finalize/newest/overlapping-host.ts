import { readFileSync, statSync } from "node:fs";
import type { FinalizationRecord } from "../../../src/core/record/record.ts";
import { pin, pinnedIds } from "../../../src/state-dir/pins.ts";
import { RecordStore } from "../../../src/state-dir/store.ts";
import { EdgeHost } from "../../support/edge-host.ts";
import { aRecord } from "../../support/records.ts";
import { saveNewest } from "../../support/store.ts";

export const OLD = "20261122-213000-aaaa";
export const NEW = "20261122-220000-bbbb";

/** How the unit of the resume command starts a finalization. */
export const RUN = { command: ["/node", "/x.cjs", "run"], path: "/bin" };

/** A host with finalizations of several calls of `schedule`, some of them killed. */
export class OverlappingHost extends EdgeHost {
  readonly store = new RecordStore(this.folder.at("state"));
  /** What `systemctl show` tells of units; the others are inactive. */
  readonly active: Record<string, { ActiveState: string }> = {};

  constructor() {
    super();
    this.folder.write("proc/locks", "");
    this.folder.write("nix/var/nix/gcroots/.keep", "");
    this.store.create();
    this.showUnits(this.active);
    const spawn = this.spawn;
    this.spawn = async (argv, options = {}) => {
      if (argv[0] === "flock") {
        options.onOutput?.("held\n", "stdout");
        await options.holdInput;
      }
      return await spawn(argv, options);
    };
  }

  /** As `schedule` leaves it when it ends. */
  scheduled(id: string, changes: Partial<FinalizationRecord> = {}): FinalizationRecord {
    const record = aRecord({ id, ...changes });
    pin(this.paths, record);
    saveNewest(this.store, record);
    return record;
  }

  /** As `schedule` has it while it arms the timer. */
  prepared(id: string, changes: Partial<FinalizationRecord> = {}): FinalizationRecord {
    const record = aRecord({ id, ...changes });
    pin(this.paths, record);
    this.store.saveNew(record);
    return record;
  }

  armed(id: string): void {
    this.active[`deploy-finalize-${id}.timer`] = { ActiveState: "active" };
  }

  /** A process holds a lock: that of a finalization, or of `schedule`. */
  holdLock(name: string): void {
    const { ino } = statSync(this.folder.write(`state/${name}.lock`, ""));
    this.folder.write("proc/locks", `1: FLOCK  ADVISORY  WRITE 708 00:1a:${ino} 0 EOF\n`);
  }

  get pinned(): string[] {
    return pinnedIds(this.paths).toSorted();
  }

  /** State and reason of a finalization. */
  end(id: string): [state: unknown, reason: unknown] {
    const { state, outcome } = JSON.parse(readFileSync(this.folder.at(`state/${id}.json`), "utf8"));
    return [state, outcome?.reason];
  }

  /** The finalizations whose unit was started at once. */
  get launched(): string[] {
    return this.ran
      .filter(([program]) => program === "systemd-run")
      .map((argv) => argv.at(-1) ?? "");
  }
}
