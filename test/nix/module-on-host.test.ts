import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import * as v from "valibot";
import type { Host, ToplevelSpec } from "../test-host/host.ts";
import { hostTest, realTest } from "../test-host/host-test.ts";
import { exposureOf } from "../on-host/exposure.ts";
import {
  assertRuns,
  deploy,
  ended,
  entered,
  PROGRAM,
  STATE_DIR,
  systemSpec,
} from "../on-host/deploying.ts";
import { PrivateNix } from "./pkgs/private-nix.ts";
import { enabled, hostView, viewSchema } from "./view.ts";

const RESUME = "deploy-finalize-resume";
const STUCK_BOOT = "deploy-finalize-stuck-boot";
const PINS = "/nix/var/nix/gcroots/deploy-finalize";
/** The folders that it writes to. The last one holds the notice for logins. */
const OWN = [STATE_DIR, PINS, "/run/deploy-finalize"];

hostTest("the module's resume unit takes up what a power cut has interrupted", async (host) => {
  const { target, id } = await interrupted(host);
  await host.powerOn();
  assert.equal((await ended(host, id)).state, "live");
  assert.equal((await host.facts()).current, target);
  assert.equal(await resumeResult(host), "success");
  await host.until("nothing is pinned", async () => readdirSync(host.path(PINS)).length === 0);
});

hostTest("the module's resume unit sets a broken record aside, with its pins", async (host) => {
  const { id } = await interrupted(host, async (record) => {
    await host.write(record, "{ not a record");
    assert.notDeepEqual(readdirSync(host.path(PINS)), []);
  });
  await host.powerOn();
  // It fails once: there is nothing left to do then.
  await host.until("it was started again, and has succeeded", async () => {
    const shown = ["systemctl", "show", "--property=NRestarts,SubState", "--value", RESUME];
    return (await host.ok(shown)).trim().split("\n").toSorted().join() === "1,exited";
  });
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
  const spec = await withModulesUnits({});
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

realTest("the exposure of the module's resume unit, as systemd rates it", async () => {
  const unit = (await withModulesUnits({})).units?.[`${RESUME}.service`] ?? "";
  const exposure = await exposureOf(unit.replace(/^ExecStart=.*$/m, "ExecStart=/bin/true"));
  console.log(`exposure of the resume unit: ${exposure}`);
  assert.ok(exposure <= 1.8, String(exposure));
});

hostTest("the module's units go back from a boot that ends in emergency mode", async (host) => {
  const units = {
    "srv.mount": "[Mount]\nWhat=/dev/no-such\nWhere=/srv\nType=ext4\n",
    "local-fs.target":
      "[Unit]\nDefaultDependencies=no\nConflicts=shutdown.target\nRequires=srv.mount\nAfter=srv.mount\n" +
      "OnFailure=emergency.target\nOnFailureJobMode=replace-irreversibly\n",
  };
  const before = await host.buildToplevel(await withModulesUnits({ label: "before" }));
  await host.setProfile(before);
  await host.ok([`${before}/bin/switch-to-configuration`, "switch"]);
  const spec = await withModulesUnits({ label: "target", kernel: "6.12.9", units });
  const id = await deploy(host, await host.buildToplevel(spec), "--delay", "0");
  const record = await ended(host, id, 120_000);
  assert.equal(record.state, "rolled-back");
  assert.match(record.outcome?.reason ?? "", /^boot: the boot ended in emergency mode/);
  await assertRuns(host, before);
});

/** A finalization whose switch a power cut interrupts; the host is off then. */
async function interrupted(
  host: Host,
  beforeThat: (record: string) => Promise<void> = async () => {},
): Promise<{ target: string; id: string }> {
  const spec = await withModulesUnits({ label: "target" });
  const target = await host.buildToplevel(spec);
  await host.holdActivation();
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

const sections = v.record(v.string(), v.unknown());
const unitShape = v.object({
  after: v.optional(v.array(v.string()), []),
  before: v.array(v.string()),
  conflicts: v.array(v.string()),
  wantedBy: v.array(v.string()),
  unitConfig: sections,
  serviceConfig: v.optional(sections),
  timerConfig: v.optional(sections),
});

/** A system with the resume units as the module makes them; only the program is the host's. */
async function withModulesUnits(spec: ToplevelSpec): Promise<ToplevelSpec> {
  await using nix = new PrivateNix();
  const view = v.parse(viewSchema, await nix.evaluate(hostView(enabled(""))));
  const program = [...PROGRAM, "--config", "/etc/deploy-finalize.json"].join(" ");
  const textOf = (unit: unknown): string =>
    unitText(v.parse(unitShape, unit)).replaceAll(view.wrapper?.exe ?? "", program);
  const units = {
    [`${RESUME}.service`]: textOf(view.units[RESUME]),
    [`${STUCK_BOOT}.service`]: textOf(view.units[STUCK_BOOT]),
    [`${STUCK_BOOT}.timer`]: textOf(view.timers[STUCK_BOOT]),
  };
  return { ...systemSpec(spec), units: { ...units, ...spec.units } };
}

function lines(section: v.InferOutput<typeof sections>): string[] {
  return Object.entries(section).flatMap(([key, value]) =>
    [value].flat().map((item) => `${key}=${String(item)}`),
  );
}

/** As NixOS writes a unit: a list is a line for each of its items. */
function unitText(unit: v.InferOutput<typeof unitShape>): string {
  const { after, before, conflicts, wantedBy, unitConfig, serviceConfig, timerConfig } = unit;
  return [
    "[Unit]",
    ...lines({ After: after, Before: before, Conflicts: conflicts, ...unitConfig }),
    ...(serviceConfig === undefined
      ? []
      : ["[Service]", "Environment=PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]),
    ...lines(serviceConfig ?? {}),
    ...(timerConfig === undefined ? [] : ["[Timer]", ...lines(timerConfig)]),
    "[Install]",
    `WantedBy=${wantedBy.join(" ")}`,
    "",
  ].join("\n");
}
