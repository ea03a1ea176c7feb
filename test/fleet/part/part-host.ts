import { readFileSync } from "node:fs";
import type { Config } from "../../../src/core/config/config.ts";
import type { FleetConfig } from "../../../src/core/config/fleet/fleet-config.ts";
import { DEFAULT_CONFIG } from "../../../src/core/config/defaults.ts";
import type { FinalizationRecord } from "../../../src/core/record/record.ts";
import { finalizationContext, type FinalizationContext } from "../../../src/finalize/context.ts";
import { lookAtPart } from "../../../src/fleet/part/part-store.ts";
import { RolloutPart } from "../../../src/fleet/part/rollout-part.ts";
import { RecordStore } from "../../../src/state-dir/store.ts";
import { EdgeHost } from "../../support/edge-host.ts";
import { aRecord } from "../../support/records.ts";
import { saveNewest } from "../../support/store.ts";
import { etcdConfig, fleetConfig } from "../configs.ts";
import { RolloutsStandIn } from "../rollouts/stand-in.ts";

/** No lock is lost. */
const NEVER = new AbortController().signal;

export const ROLLOUT = "aaaa1111";

/** A record that belongs to a rollout. */
export function partRecord(changes: Partial<FinalizationRecord> = {}): FinalizationRecord {
  return aRecord({ rollout: ROLLOUT, failedBefore: [], ...changes });
}

/** A host of a group, beside the rollouts of that group; programs that hold locks always get them. */
export class PartHost extends EdgeHost {
  readonly store = new RecordStore(this.folder.at("state"));
  readonly rollouts = new RolloutsStandIn();
  readonly stop = new AbortController();
  readonly config: Config;
  readonly #spawnEdge = this.spawn;

  constructor(fleet: Partial<FleetConfig> = {}, verify: Partial<Config["verify"]> = {}) {
    super();
    this.folder.write("proc/sys/kernel/random/boot_id", "boot-1\n");
    this.folder.write("etc/machine-id", "0123456789abcdef0123456789abcdef\n");
    this.config = {
      ...DEFAULT_CONFIG,
      stateDir: this.store.folder,
      lock: etcdConfig(["http://127.0.0.1:9"], { retry: 0.05 }),
      fleet: fleetConfig(fleet),
      verify: { ...DEFAULT_CONFIG.verify, settle: 0, ...verify },
    };
    this.spawn = async (argv, options) => {
      if (argv[0] !== "flock") return await this.#spawnEdge(argv, options);
      options?.onOutput?.("held\n", "stdout");
      await options?.holdInput;
      return { argv, exitCode: 0, cause: null, stdout: "", stderr: "" };
    };
  }

  /** Its newest finalization; its target is current. */
  has(record: FinalizationRecord): FinalizationRecord {
    saveNewest(this.store, record);
    return record;
  }

  /** A toplevel that is there, as the running system. */
  runs(name: string): string {
    const toplevel = this.folder
      .write(`nix/store/${name}/nixos-version`, "x")
      .replace("/nixos-version", "");
    this.folder.link("run/current-system", toplevel);
    return toplevel;
  }

  part(record = partRecord()): RolloutPart {
    const { config, store, rollouts } = this;
    return new RolloutPart(this, store, {
      config,
      finalization: record,
      serverFor: rollouts.serverFor,
    });
  }

  context(record: FinalizationRecord, config = this.config): FinalizationContext {
    const { store, stop, rollouts } = this;
    const given = { host: this, store, config, stop: stop.signal, lost: NEVER };
    return finalizationContext(record, { ...given, serverFor: rollouts.serverFor });
  }

  async partOf(id: string) {
    return await lookAtPart(this.store, id);
  }

  text(path: string): string {
    return readFileSync(this.folder.at(path), "utf8");
  }
}
