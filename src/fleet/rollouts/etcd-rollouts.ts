import { groupOfFleet } from "../../core/config/fleet/group.ts";
import type { FleetConfig } from "../../core/config/fleet/fleet-config.ts";
import type { EtcdLockConfig, Reached } from "../../core/config/lock-config.ts";
import { EtcdGateway, guarded } from "../etcd-gateway.ts";
import { fractionOf } from "../holder.ts";
import { admit, preview } from "./etcd/admitting.ts";
import { Changes } from "./etcd/changing.ts";
import { EtcdGroup } from "./etcd/group.ts";
import { historyOf, lookAt } from "./etcd/looking.ts";
import { forget, halt, resume } from "./etcd/operating.ts";
import type { RolloutServer } from "./rollout-server.ts";
import type { Read } from "./etcd/snapshot.ts";
import { tellEnd, tellState } from "./etcd/telling.ts";

/**
 * The rollouts of a group in etcd: see etcd/keys.ts. Whatever can close a gate changes the rollout or a
 * roster, and a host is let in by a transaction that finds these as they were read; the ends of hosts
 * only open gates. If a transaction gets no answer, the group is read again before anything else.
 */
export class EtcdRollouts implements RolloutServer {
  readonly #group: EtcdGroup;
  readonly #changes: Changes;

  /** @param holder the name of this host with etcd; it also selects the member that is asked first */
  constructor(
    config: Reached<EtcdLockConfig>,
    fleet: Pick<FleetConfig, "group">,
    holder: string,
    now: () => Date,
  ) {
    const gateway = new EtcdGateway(config, fractionOf(holder));
    const name = groupOfFleet(fleet, config);
    this.#group = new EtcdGroup({ prefix: config.prefix, gateway, name, salt: holder, now });
    this.#changes = new Changes({
      gateway,
      keys: this.#group.keys,
      retry: config.retry,
      timeout: config.timeout,
      members: config.endpoints.length,
      who: { host: holder, id: name },
    });
  }

  admit: RolloutServer["admit"] = async (self, waitedSeconds) => {
    const asked = await admit(this.#group, self, waitedSeconds, this.#onRead);
    if (asked.kind === "unknown") return this.#changes.after(asked);
    return this.#changes.after(asked.answer, asked.dueMs);
  };

  preview: RolloutServer["preview"] = async (self) =>
    this.#changes.after(await preview(this.#group, self, this.#onRead));

  withdraw: RolloutServer["withdraw"] = async (self) =>
    await tellState(this.#group, self, "waiting", null);

  soaks: RolloutServer["soaks"] = async (self) =>
    await tellState(this.#group, self, "soaking", null);

  ends: RolloutServer["ends"] = async (self, end) => await tellEnd(this.#group, self, end);

  leaves: RolloutServer["leaves"] = async (self, why) =>
    await tellState(this.#group, self, "left", why);

  look: RolloutServer["look"] = async () =>
    this.#changes.after(await guarded(async () => await lookAt(this.#group, this.#changes.read)));

  history: RolloutServer["history"] = async () =>
    await guarded(async () => ({ kind: "known", past: await historyOf(this.#group) }) as const);

  halt: RolloutServer["halt"] = async (by, why) => await halt(this.#group, by, why);

  resume: RolloutServer["resume"] = async (by) => await resume(this.#group, by);

  forget: RolloutServer["forget"] = async (host) => await forget(this.#group, host);

  change: RolloutServer["change"] = async (signal, of) => {
    await this.#changes.next(signal, of);
  };

  readonly #onRead = ({ revision, rollout }: Read): void => {
    this.#changes.read(revision, rollout);
  };
}
