import assert from "node:assert/strict";
import { test } from "node:test";
import type { Facts } from "../../src/core/machine/types.ts";
import type { Plan } from "../../src/core/decision/decision.ts";
import { DefaultBeforeAct } from "../../src/finalize/patience/default-before-act.ts";
import { NEW, OLD, PROFILE, setVariable, systemdBootHost } from "../boot/loaders.ts";
import { OperatedHost } from "../cli/operating.ts";
import { EdgeHost } from "../support/edge-host.ts";
import { aRecord, FACTS } from "../support/records.ts";
import { makeToplevel } from "../support/systems.ts";

const SPECIAL = { name: "night", toplevel: "/nix/store/special" };
const INSTALLS = `${NEW}/bin/switch-to-configuration boot`;

/** Those of the boot loader's installer. */
function installs(host: EdgeHost): string[] {
  return host.ran.map((argv) => argv.join(" ")).filter((line) => line.endsWith(" boot"));
}

interface Case extends Partial<Facts> {
  readonly action?: Plan["action"];
  readonly isUnwanted?: boolean;
  readonly times?: number;
}

/** What the last try comes to. */
async function prepare(host: EdgeHost, changes: Case) {
  const { action = "switch", isUnwanted = false, times = 1, ...facts } = changes;
  const record = aRecord({ profile: PROFILE, target: NEW, previous: OLD });
  const before = new DefaultBeforeAct(host, () => isUnwanted);
  const tried = { action, facts: { ...FACTS, ...facts } };
  for (let time = 1; time < times; time++) await before.set(record, tried);
  return await before.set(record, tried);
}

test("before the act, the target becomes the boot default that another deployer has changed", async () => {
  using host = systemdBootHost();
  host.folder.write("boot/loader/loader.conf", "default nixos-1111.conf\n");
  assert.equal(await prepare(host, { bootDefault: OLD }), null);
  assert.deepEqual(installs(host), [INSTALLS]);
  assert.deepEqual(host.said, [`the boot default was ${OLD}; it is ${NEW} again`]);
});

for (const [name, changes, expected] of [
  ["the target is the boot default", { bootDefault: NEW }, []],
  ["it is not wanted any more", { bootDefault: OLD, isUnwanted: true }, []],
  ["the act sets a default that nobody can read", { bootDefault: null }, []],
  ["a specialisation leaves such a default", { specialisation: SPECIAL }, [INSTALLS]],
  ["a reboot sets it", { specialisation: SPECIAL, action: "reboot" }, []],
  ["a gate closes and it is tried again", { specialisation: SPECIAL, times: 3 }, [INSTALLS]],
  ["the target lacks it", { specialisation: { ...SPECIAL, toplevel: null } }, []],
] as const) {
  test(`before the act, ${expected.length} installers run if ${name}`, async () => {
    using host = new EdgeHost();
    assert.equal(await prepare(host, changes), null);
    assert.deepEqual(installs(host), expected);
  });
}

test("before the act, a default that somebody has put over that of the installers is left alone", async () => {
  using host = systemdBootHost();
  setVariable(host, "LoaderEntryDefault", "nixos-1111.conf");
  assert.equal(await prepare(host, { bootDefault: OLD }), null);
  assert.deepEqual(installs(host), []);
  assert.deepEqual(host.said, []);
});

test("the act waits for an activation that keeps the boot default from being set", async () => {
  using host = new EdgeHost();
  host.spawn = async (argv, options = {}) => {
    options.onOutput?.("Could not acquire lock\n", "stderr");
    return { argv, exitCode: 11, cause: null, stdout: "", stderr: "" };
  };
  const event = await prepare(host, { bootDefault: OLD });
  assert.match(event?.why ?? "", /switch lock/);
});

test("the boot default is set before the record says that a specialisation is activated", async () => {
  using host = new OperatedHost();
  const target = makeToplevel(host.folder, "target");
  const night = makeToplevel(host.folder, "target-night");
  host.folder.link("store/target/specialisation/night", night);
  host.setProfile(target);
  const profile = host.folder.at("profiles/system");
  host.folder.write("config.json", JSON.stringify({ profile, specialisation: "night" }));
  const { id, fireAt } = host.save({ target, previous: host.booted });
  host.time = Date.parse(fireAt) + 1;
  const acts: (readonly (string | undefined)[])[] = [];
  const { spawn } = host;
  host.spawn = async (argv, options) => {
    const [file = "", action] = argv;
    const read = await host.store.read(id);
    const state = read.kind === "record" ? read.record.state : read.kind;
    if (file.endsWith("/switch-to-configuration")) acts.push([state, file, action]);
    if (action === "test") host.stop.abort();
    return await spawn(argv, options);
  };
  await host.operate("run", id);
  assert.deepEqual(acts.slice(0, 2), [
    ["waiting", `${target}/bin/switch-to-configuration`, "boot"],
    ["switching", `${night}/bin/switch-to-configuration`, "test"],
  ]);
});
