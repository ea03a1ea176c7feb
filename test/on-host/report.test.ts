import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import * as v from "valibot";
import type { Host, ToplevelSpec } from "../test-host/host.ts";
import { eventSchema } from "../../src/report/event.ts";
import { hostTest } from "../test-host/host-test.ts";
import { COMMIT } from "../report/reports.ts";
import { StandInServer } from "../report/server.ts";
import { call, deploy, ended, entered, STATE_DIR, systemSpec } from "./deploying.ts";
import { Cable } from "./network.ts";

const TOKEN = "planted-token-4711-0815";
const TOKEN_FILE = "/root/forge-token";
const METRICS = "/var/lib/metrics/deploy_finalize.prom";

/** A forge on this machine, behind a cable, and a host that is to report to it. */
class Reporting implements AsyncDisposable {
  readonly host: Host;
  readonly forge: StandInServer;
  readonly cable: Cable;

  private constructor(host: Host, forge: StandInServer) {
    this.host = host;
    this.forge = forge;
    this.cable = new Cable(host);
  }

  static async on(host: Host): Promise<Reporting> {
    const reporting = new Reporting(host, await StandInServer.listen("0.0.0.0"));
    await host.write(TOKEN_FILE, `${TOKEN}\n`);
    await host.shell(`chmod 600 ${TOKEN_FILE}; mkdir -p ${METRICS.replace(/\/[^/]*$/, "")}`);
    return reporting;
  }

  /**
   * A system that reports; its back-off is short, so that a test need not wait. The time for an answer is
   * long: the forge is in this process, which may stand still, and what it answers too late is told twice.
   */
  system(
    spec: ToplevelSpec,
    verify: object = { settle: 0 },
    others: readonly object[] = [],
  ): ToplevelSpec {
    const gitea = { kind: "gitea", repository: "infra/hosts", tokenFile: TOKEN_FILE };
    const url = `http://${this.cable.here}:${this.forge.port}`;
    return systemSpec(spec, {
      verify,
      report: {
        receivers: [{ ...gitea, url }, ...others],
        metricsFile: METRICS,
        timeout: 60,
        retry: { first: 0.1, most: 1 },
      },
    });
  }

  /** What the forge was told, in order. */
  told(): string[] {
    return this.forge.received.map(({ path, body }) => {
      assert.match(path, new RegExp(`/statuses/${COMMIT}$`));
      const { state }: { state: string } = JSON.parse(body);
      return state;
    });
  }

  outbox(): string[] {
    return readdirSync(this.host.path(`${STATE_DIR}/outbox`)).toSorted();
  }

  /** Waits until somebody has tried in vain to deliver a report on a state. */
  async triedInVain(id: string, state: string): Promise<void> {
    await this.host.until(`${state} was tried in vain`, () => {
      const name = this.outbox().find((one) => one.endsWith(`.${state}.gitea.json`));
      if (name === undefined) return false;
      const text = readFileSync(this.host.path(`${STATE_DIR}/outbox/${name}`), "utf8");
      return text.includes(id) && /"tries": [1-9]/.test(text);
    });
  }

  async delivered(states: readonly string[]): Promise<void> {
    const isAllDone = () => this.outbox().every((name) => name.endsWith(".done"));
    const isAllTold = () => this.told().length >= states.length;
    await this.host.until("all is delivered", () => isAllDone() && isAllTold());
    assert.deepEqual(this.told(), states);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cable[Symbol.asyncDispose]();
    await this.forge[Symbol.asyncDispose]();
  }
}

/** Keeps the host from rebooting until inhibitor.service is stopped. */
async function holdShutdowns(host: Host): Promise<void> {
  const inhibit = "systemd-inhibit --what=shutdown --mode=block --who=test --why=looks";
  await host.shell(`systemd-run --quiet --unit=inhibitor ${inhibit} sleep infinity`);
  await host.until("shutdowns are held", async () =>
    (await host.ok(["systemd-inhibit", "--list"])).includes("looks"),
  );
}

const baseline = systemSpec();
const REVISION = ["--revision", COMMIT];

hostTest(
  "the network is cut at the switch, and the delivery killed: pending and success, in order, once",
  { baseline },
  async (host) => {
    await using reporting = await Reporting.on(host);
    const { cable } = reporting;
    await cable.plug();
    const spec = { label: "held" };
    const target = await host.buildToplevel(reporting.system(spec));
    await host.holdActivation();
    const id = await deploy(host, target, "--delay", "0", ...REVISION);
    await entered(host, id, "switching");
    await reporting.delivered(["pending"]);
    await cable.cut();
    await host.letActivate();
    const record = await ended(host, id);
    assert.equal(record.state, "live");
    await reporting.triedInVain(id, "live");
    await host.shell("systemctl kill --signal=KILL 'deploy-finalize-deliver-*.service'");
    await host.until("systemd starts it again", async () => {
      const unit = await host.shell("systemctl show 'deploy-finalize-deliver-*.service'");
      return /^NRestarts=1$/m.test(unit) && /^MainPID=[1-9]/m.test(unit);
    });
    await cable.plug();
    await reporting.delivered(["pending", "success"]);
  },
);

hostTest(
  "a power cut with nothing delivered, and a network that comes late: the next boot delivers all",
  { baseline },
  async (host) => {
    await using reporting = await Reporting.on(host);
    const target = await host.buildToplevel(reporting.system({ label: "new", kernel: "6.12.9" }));
    const id = await deploy(host, target, "--delay", "3600", ...REVISION);
    await reporting.triedInVain(id, "scheduled");
    await host.powerCut();
    await host.powerOn();
    assert.equal((await ended(host, id)).state, "live");
    await reporting.triedInVain(id, "scheduled");
    assert.deepEqual(reporting.told(), []);
    await reporting.cable.plug();
    await reporting.delivered(["pending", "success"]);
  },
);

hostTest(
  "across a reboot: pending before, success after; by hand a stuck delivery is hurried",
  { baseline },
  async (host) => {
    await using reporting = await Reporting.on(host);
    await reporting.cable.plug();
    const before = await host.facts();
    const target = await host.buildToplevel(reporting.system({ label: "new", kernel: "6.12.9" }));
    await holdShutdowns(host);
    const id = await deploy(host, target, "--delay", "0", ...REVISION);
    await reporting.delivered(["pending"]);
    await host.ok(["systemctl", "stop", "--no-block", "inhibitor.service"]);
    await host.rebooted(before.bootId);
    assert.equal((await ended(host, id)).state, "live");
    await reporting.triedInVain(id, "live");
    await reporting.cable.plug();
    const said = await host.ok(call(target, "deliver"));
    // The process that delivers may have been faster.
    assert.match(
      said,
      /^$|the process that delivers will try again now|there are no reports to deliver/,
    );
    await reporting.delivered(["pending", "success"]);
  },
);

hostTest(
  "a deploy that goes back: failure for the forge, and a command is told why",
  { baseline },
  async (host) => {
    await using reporting = await Reporting.on(host);
    await reporting.cable.plug();
    const tell = ["/bin/sh", "-c", "cat > /root/told.new && mv /root/told.new /root/told"];
    const checks = [{ kind: "command", name: "never", command: ["false"], deadline: 0 }];
    const command = { kind: "command", command: tell };
    const spec = reporting.system({ label: "bad" }, { settle: 0, checks }, [command]);
    const id = await deploy(host, await host.buildToplevel(spec), "--delay", "0", ...REVISION);
    assert.equal((await ended(host, id)).state, "rolled-back");
    await reporting.delivered(["pending", "failure"]);
    const event = await host.until("the command is told", async () => {
      const told = v.parse(eventSchema, JSON.parse(await host.read("/root/told")));
      return told.event === "rolled-back" ? told : undefined;
    });
    assert.equal(event.id, id);
    assert.match(event.summary, /^rolled back: .*never/);
    assert.equal(event.revision, COMMIT);
  },
);

hostTest("the metrics follow, and no secret is anywhere", { baseline }, async (host) => {
  await using reporting = await Reporting.on(host);
  await reporting.cable.plug();
  // It answers only once everything has been looked at, and repeats the token.
  let isOpen: "open" | "shut" = "shut";
  reporting.forge.answers = [
    ({ headers }) =>
      isOpen === "open"
        ? { status: 201 }
        : { status: 401, body: `bad credentials ${headers.authorization}` },
  ];
  const target = await host.buildToplevel(reporting.system({ label: "new" }));
  const id = await deploy(host, target, "--delay", "0", ...REVISION);
  await ended(host, id);
  await reporting.triedInVain(id, "scheduled");
  await host.until("the journal has what the forge said", async () =>
    (await host.journal()).includes("bad credentials"),
  );
  const files = await host.shell(
    `find / /run /tmp -xdev -type f -size -4M -not -path ${TOKEN_FILE} -print0 |
       xargs -0 grep --files-with-matches --text --fixed-strings --file=${TOKEN_FILE} || true`,
  );
  assert.equal(files, "");
  // A process may end while it is looked at.
  const places = await host.shell(
    `{ cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null || true; } | tr '\\0' '\\n'
     systemctl show 'deploy-finalize*'
     journalctl --no-pager --output=verbose`,
  );
  assert.match(places, new RegExp(id));
  assert.match(
    places,
    /cannot deliver scheduled of .* yet: answered 401: bad credentials token \*\*\*/,
  );
  assert.ok(
    !places.includes(TOKEN),
    places.split("\n").find((line) => line.includes(TOKEN)),
  );
  isOpen = "open";
  const owed = async () =>
    /deploy_finalize_reports_owed\{receiver="gitea"\} 0/.test(await host.read(METRICS));
  await host.until("the metrics show that nothing is owed", owed);
  const metrics = await host.read(METRICS);
  assert.match(metrics, /^deploy_finalize_state\{state="live"\} 1$/m);
  assert.match(metrics, /^deploy_finalize_finalizations_total\{outcome="live"\} 1$/m);
  assert.match(metrics, /^deploy_finalize_phase_duration_seconds\{phase="switching"\} [\d.]+$/m);
  assert.equal(reporting.told().at(-1), "success");
});
