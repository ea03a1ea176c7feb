import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import * as v from "valibot";
import type { Host, ToplevelSpec } from "../host/host.ts";
import { hostTest } from "../host/host-test.ts";
import { deploy, ended, entered, PROGRAM, STATE_DIR, systemSpec } from "../on-host/deploying.ts";
import { PrivateNix } from "./pkgs/private-nix.ts";
import { enabled, hostView, viewSchema } from "./view.ts";

const RESUME = "deploy-finalize-resume";
const PINS = "/nix/var/nix/gcroots/deploy-finalize";
/** The folders that it writes to. The last one holds the notice for logins. */
const OWN = [STATE_DIR, PINS, "/run/deploy-finalize"];

hostTest("the module's resume unit takes up what a power cut has interrupted", async (host) => {
  const { target, id } = await interrupted(host);
  await host.powerOn();
  assert.equal((await ended(host, id)).state, "live");
  assert.equal((await host.facts()).current, target);
  assert.equal(await resumeResult(host), "success");
});

hostTest("the module's resume unit sets a broken record aside, with its pins", async (host) => {
  const { id } = await interrupted(host, async (record) => {
    await host.write(record, "{ not a record");
    assert.notDeepEqual(readdirSync(host.path(PINS)), []);
  });
  await host.powerOn();
  const result = await host.until("it has failed", async () => {
    const found = await resumeResult(host);
    return found === "success" ? undefined : found;
  });
  assert.equal(result, "exit-code");
  assert.ok(existsSync(host.path(`${STATE_DIR}/${id}.json.broken`)));
  assert.deepEqual(readdirSync(host.path(PINS)), []);
});

hostTest("the module's resume unit may write what it has to, and nothing else", async (host) => {
  const script = `
    set -e
    touch ${OWN.map((folder) => `${folder}/probe`).join(" ")}
    for folder in / /etc /nix /nix/store /usr /boot /home /root /var/lib; do
      if touch $folder/probe; then exit 9; fi
    done`;
  await host.write("/opt/probe", script);
  const spec = await withModulesUnit({});
  const unit = spec.units?.[`${RESUME}.service`] ?? "";
  await host.write(
    "/run/systemd/system/probe.service",
    unit.replace(/^ExecStart=.*$/m, "ExecStart=sh /opt/probe"),
  );
  await host.ok(["mkdir", "-p", STATE_DIR, PINS]);
  await host.ok(["systemctl", "start", "probe.service"]);
  await host.ok(["systemctl", "stop", "probe.service"]);
  for (const folder of OWN) assert.ok(existsSync(host.path(`${folder}/probe`)), folder);
});

/** A finalization whose switch a power cut interrupts; the host is off then. */
async function interrupted(
  host: Host,
  beforeThat: (record: string) => Promise<void> = async () => {},
): Promise<{ target: string; id: string }> {
  const spec = await withModulesUnit({ label: "target", failure: { activationMs: 3000 } });
  const target = await host.buildToplevel(spec);
  const id = await deploy(host, target, "--delay", "0");
  await entered(host, id, "switching");
  await beforeThat(`${STATE_DIR}/${id}.json`);
  await host.powerCut();
  return { target, id };
}

async function resumeResult(host: Host): Promise<string> {
  const shown = await host.ok(["systemctl", "show", "--property=Result", "--value", RESUME]);
  return shown.trim();
}

/** A system with the resume unit as the module makes it; only the program is the host's. */
async function withModulesUnit(spec: ToplevelSpec): Promise<ToplevelSpec> {
  await using nix = new PrivateNix();
  const { units, wrapper } = v.parse(viewSchema, await nix.evaluate(hostView(enabled(""))));
  const shape = v.object({
    after: v.array(v.string()),
    wantedBy: v.array(v.string()),
    serviceConfig: v.record(v.string(), v.unknown()),
  });
  const unit = v.parse(shape, units[RESUME]);
  const program = [...PROGRAM, "--config", "/etc/deploy-finalize.json"].join(" ");
  const lines = Object.entries(unit.serviceConfig).flatMap(([key, value]) =>
    [value].flat().map((item) => `${key}=${String(item)}`),
  );
  const text = [
    "[Unit]",
    `After=${unit.after.join(" ")}`,
    "[Service]",
    "Environment=PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    ...lines.map((line) => line.replace(wrapper?.exe ?? "", program)),
    "[Install]",
    `WantedBy=${unit.wantedBy.join(" ")}`,
    "",
  ].join("\n");
  return { ...systemSpec(spec), units: { [`${RESUME}.service`]: text, ...spec.units } };
}
