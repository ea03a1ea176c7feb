import assert from "node:assert/strict";
import type { FinalizationRecord } from "../../src/core/record/record.ts";
import type { GroupView } from "../../src/fleet/rollouts/rollout-server.ts";
import { rolloutServerFor } from "../../src/fleet/rollouts/server-for.ts";
import { etcdConfig } from "../fleet/configs.ts";
import { EtcdCluster, etcdMissing } from "../fleet/etcd-cluster.ts";
import { realTest } from "../test-host/host-test.ts";
import { Host, type ToplevelSpec } from "../test-host/host.ts";
import { until } from "../test-host/until.ts";
import { call, deploy, ended, entered, path, recordOf, systemSpec } from "./deploying.ts";
import { EtcdBridge, PROXY, URL_INSIDE } from "./etcd-bridge.ts";

/** In seconds. */
const SOAK = 2;

const FAILING = {
  "web.service":
    "[Service]\nType=oneshot\nExecStart=/bin/false\n[Install]\nWantedBy=multi-user.target\n",
};

/** The same, once this is there. */
const FAIL = "/run/fail";
const FAILING_LATE = {
  "web.service": `[Service]
Type=oneshot
ExecStart=/bin/sh -c 'until [ -e ${FAIL} ]; do sleep 0.1; done; exit 1'
[Install]
WantedBy=multi-user.target
`,
};

/** While it is there, the soak of a live host does not get on. A boot takes it away. */
const HOLD = "/run/hold-soak";
/** While it is there, the host is ill. */
const ILL = "/run/ill";
const CHECK = `while [ -e ${HOLD} ] && grep -q '"state": "live"' /var/lib/deploy-finalize/current
do sleep 0.1; done
[ ! -e ${ILL} ]`;

/** A host of a group, and its way to etcd. */
class Member implements AsyncDisposable {
  readonly name: string;
  readonly wave: number;
  readonly host: Host;
  readonly bridge: EtcdBridge;

  private constructor(name: string, wave: number, host: Host, bridge: EtcdBridge) {
    this.name = name;
    this.wave = wave;
    this.host = host;
    this.bridge = bridge;
  }

  static async boot(name: string, wave: number, cluster: EtcdCluster): Promise<Member> {
    const host = await Host.boot({ name, baseline: specOf(name, wave) });
    return new Member(name, wave, host, await EtcdBridge.open(host, cluster));
  }

  /** Deploys to it; the target is named by the rollout. */
  async joins(rollout: string, spec: ToplevelSpec = {}): Promise<string> {
    const { name, wave, host } = this;
    const target = await host.buildToplevel(specOf(name, wave, { label: rollout, ...spec }));
    return await deploy(host, target, "--delay", "0", "--rollout", rollout);
  }

  async says(id: string, words: string): Promise<void> {
    await this.host.until(`${this.name} says ${words}`, async () =>
      (await this.host.journal(`deploy-finalize-${id}.service`)).includes(words),
    );
  }

  async end(id: string): Promise<FinalizationRecord> {
    return await ended(this.host, id);
  }

  /** Nothing of it is left to do. */
  async isThrough(): Promise<void> {
    await this.host.until(`${this.name} has no pins`, async () => {
      const look = this.host.run(["ls", "-A", "/nix/var/nix/gcroots/deploy-finalize"]);
      // It may be on the way down: a rollback by hand is told before its reboot.
      const pins = await look.catch(() => null);
      return pins?.exitCode === 0 && pins.stdout === "";
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.bridge.cut();
    await this.host.stop();
  }
}

function specOf(name: string, wave: number, spec: ToplevelSpec = {}): ToplevelSpec {
  const config = {
    verify: {
      settle: 0,
      checks: [{ kind: "command", command: ["sh", "-c", CHECK], timeout: 3600, deadline: 0 }],
    },
    lock: { backend: "etcd", endpoints: [URL_INSIDE], id: name, for: [], retry: 0.2, timeout: 5 },
    fleet: { wave, soak: SOAK },
  };
  return systemSpec({ ...spec, units: { ...PROXY, ...spec.units } }, config);
}

async function mainProcess(host: Host, id: string): Promise<string> {
  const unit = `deploy-finalize-${id}.service`;
  return (await host.ok(["systemctl", "show", "--property=MainPID", "--value", unit])).trim();
}

function momentOf(record: FinalizationRecord, state: FinalizationRecord["state"]): number {
  const entry = record.timeline.find((one) => one.state === state);
  assert.ok(entry !== undefined, `${record.id} was never ${state}: ${path(record)}`);
  return Date.parse(entry.at);
}

/** What the group says of itself, seen from outside of all hosts. */
class Group {
  readonly #server;

  constructor(cluster: EtcdCluster) {
    const lock = etcdConfig(cluster.endpoints);
    const proxy = { http: null, https: null, except: [] };
    const fleet = { group: null };
    this.#server = rolloutServerFor(lock, fleet, "test", () => new Date(), proxy);
  }

  async look(): Promise<GroupView> {
    return await until("etcd answers", async () => {
      const seen = await this.#server.look();
      return seen.kind === "known" ? seen : undefined;
    });
  }

  /** Waits until a host has come to a state. */
  async has(name: string, state: string): Promise<void> {
    await until(`the group knows ${name} as ${state}`, async () => {
      const members = (await this.look()).waves.flatMap((wave) => wave.members);
      return members.some((member) => member.id === name && member.state === state);
    });
  }

  async halted(): Promise<string> {
    return await until("the rollout is halted", async () => (await this.look()).rollout?.halt?.why);
  }
}

/** Each test has a cluster and hosts of its own. */
function groupTest(
  name: string,
  waves: readonly number[],
  body: (members: readonly Member[], group: Group) => Promise<void>,
): void {
  if (etcdMissing() !== null) return;
  realTest(name, async () => {
    await using cluster = await EtcdCluster.start(1);
    await using hosts = new AsyncDisposableStack();
    const booting = waves.map(async (wave, index) =>
      hosts.use(await Member.boot(`web${index}`, wave, cluster)),
    );
    const members = await Promise.all(booting);
    try {
      await body(members, new Group(cluster));
    } catch (error) {
      const evidence = await Promise.all(members.map(async ({ host }) => await host.evidence()));
      throw new Error(`${String(error)}\n${evidence.join("\n")}`, { cause: error });
    }
  });
}

groupTest(
  "three hosts in two waves: a live canary is followed, a bad one is not, and the fix goes to all",
  [0, 1, 1],
  async (members, group) => {
    const [canary, ...others] = members;
    assert.ok(canary !== undefined);

    const first = await canary.joins("good");
    const following = await Promise.all(others.map(async (one) => await one.joins("good")));
    const live = await canary.end(first);
    assert.equal(live.state, "live");
    for (const [index, one] of others.entries()) {
      const record = await one.end(following[index] ?? "");
      assert.equal(record.state, "live");
      const after = momentOf(record, "switching") - momentOf(live, "live");
      assert.ok(after >= SOAK * 1000, `${one.name} has acted ${after} ms after the canary's end`);
    }
    for (const { name } of members) await group.has(name, "live");

    const waiting = await Promise.all(others.map(async (one) => await one.joins("bad")));
    for (const [index, one] of others.entries()) {
      await one.says(waiting[index] ?? "", "waits for rollout: waits for wave 0");
    }
    const bad = await canary.joins("bad", { units: FAILING });
    assert.equal((await canary.end(bad)).state, "rolled-back");
    assert.match(await group.halted(), /web\.service/);
    for (const [index, one] of others.entries()) {
      await one.says(waiting[index] ?? "", "rollout bad is halted");
      assert.equal(path(await recordOf(one.host, waiting[index] ?? "")), "scheduled waiting");
    }

    const fix = await canary.joins("fix");
    const fixes = await Promise.all(others.map(async (one) => await one.joins("fix")));
    assert.equal((await canary.end(fix)).state, "live");
    for (const [index, one] of others.entries()) {
      assert.equal((await one.end(fixes[index] ?? "")).state, "live");
      assert.equal((await one.end(waiting[index] ?? "")).state, "superseded");
    }
    for (const { name } of members) await group.has(name, "live");
    for (const one of members) await one.isThrough();
  },
);

groupTest(
  "etcd away while a host joins, waits, soaks and rolls back: nobody goes on, and the end is told later",
  [0, 1],
  async ([canary, other], group) => {
    assert.ok(canary !== undefined && other !== undefined);
    await canary.host.write(HOLD, "");
    canary.bridge.cut();
    const joining = await canary.joins("one");
    await canary.says(joining, "waits for rollout: cannot tell: ");
    assert.equal(path(await recordOf(canary.host, joining)), "scheduled waiting");
    await canary.bridge.mend();
    await group.has("web0", "soaking");

    canary.bridge.cut();
    const waiting = await other.joins("one");
    await other.says(waiting, "waits for rollout: waits for wave 0");
    await canary.host.run(["rm", HOLD]);
    await canary.says(joining, "cannot tell the group default yet: ");
    other.bridge.cut();
    await other.says(waiting, "waits for rollout: cannot tell: ");
    await canary.bridge.mend();
    await group.has("web0", "live");
    assert.equal(path(await recordOf(other.host, waiting)), "scheduled waiting");
    await other.bridge.mend();
    assert.equal((await other.end(waiting)).state, "live");
    await group.has("web1", "live");

    await canary.host.write(HOLD, "");
    const ill = await canary.joins("ill");
    await group.has("web0", "soaking");
    await canary.host.write(ILL, "");
    await canary.host.run(["rm", HOLD]);
    assert.match(await group.halted(), /unhealthy while it soaked/);
    await canary.isThrough();
    assert.equal((await recordOf(canary.host, ill)).state, "live");
    await canary.host.run(["rm", ILL]);

    // Its process is killed, and then its host boots, while it soaks.
    await canary.host.write(HOLD, "");
    const again = await canary.joins("two");
    await group.has("web0", "soaking");
    const killed = await mainProcess(canary.host, again);
    await canary.host.run(["kill", "-KILL", killed]);
    await canary.host.until("its unit runs again", async () => {
      return !["0", killed].includes(await mainProcess(canary.host, again));
    });
    await canary.host.powerCut();
    await canary.host.powerOn();
    assert.match(await group.halted(), /it booted without a shutdown/);
    await canary.isThrough();
    assert.equal((await recordOf(canary.host, again)).state, "live");

    const rolled = await canary.joins("three", { units: FAILING_LATE });
    await entered(canary.host, rolled, "switching");
    canary.bridge.cut();
    await canary.host.write(FAIL, "");
    assert.equal((await canary.end(rolled)).state, "rolled-back");
    await canary.says(rolled, "cannot tell the group default yet: ");
    await canary.bridge.mend();
    await group.has("web0", "failed");
    // With a reboot, also in the rollback by hand.
    const fixed = await canary.joins("four", { kernel: "6.12.9" });
    await group.has("web0", "live");
    assert.equal((await canary.end(fixed)).state, "live");
    const previous = (await recordOf(canary.host, fixed)).target;
    await canary.host.ok(call(previous, "rollback", "--yes"));
    assert.match(await group.halted(), /rolled back by hand/);
    await canary.isThrough();
  },
);
