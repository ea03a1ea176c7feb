import assert from "node:assert/strict";
import { hostTest } from "../test-host/host-test.ts";
import type { Host, ToplevelSpec } from "../test-host/host.ts";
import { call, deploy, ended, newestRecord, systemSpec } from "./deploying.ts";

const shop = (version: string, run = "ExecStart=/bin/sleep infinity"): Record<string, string> => ({
  "shop.service": `[Service]\nType=exec\n${run}\nEnvironment=V=${version}\n[Install]\nWantedBy=multi-user.target\n`,
});
const FAILS = "Type=oneshot\nExecStart=/bin/false";

/** A system with a specialisation, whose shop has another version. */
function withNight(label: string, spec: ToplevelSpec = {}, run?: string): ToplevelSpec {
  const night = systemSpec({
    ...spec,
    label: `${label}-night`,
    units: shop(`${label}-night`, run),
  });
  return { ...systemSpec({ ...spec, label, units: shop(label) }), specialisation: { night } };
}
const baseline = withNight("old");

async function nightOf(host: Host, toplevel: string): Promise<string> {
  return (await host.ok(["realpath", "-e", `${toplevel}/specialisation/night`])).trim();
}

/** Activates the specialisation of the running system, as an operator does. */
async function goNight(host: Host): Promise<{ parent: string; night: string }> {
  const parent = (await host.facts()).current;
  const night = await nightOf(host, parent);
  await host.ok([`${night}/bin/switch-to-configuration`, "test"]);
  return { parent, night };
}

async function shopOf(host: Host): Promise<string> {
  const show = ["systemctl", "show", "--property=Environment,ActiveState", "shop.service"];
  return (await host.ok(show)).trim().split("\n").toSorted().join(" ");
}

/** Current; then profile and boot default. */
async function assertLive(host: Host, current: string, parent: string): Promise<void> {
  const facts = await host.facts();
  assert.deepEqual([facts.current, facts.profile, facts.bootDefault], [current, parent, parent]);
}

hostTest("a switch keeps the specialisation, by name", { baseline }, async (host) => {
  await goNight(host);
  const target = await host.buildToplevel(withNight("new"));
  const night = await nightOf(host, target);
  await host.deployBoot(target);
  const explained: { specialisation: object } = JSON.parse(
    await host.ok(call(target, "explain", "--json")),
  );
  assert.deepEqual(explained.specialisation, { name: "night", toplevel: night });
  const record = await ended(host, await deploy(host, target, "--delay", "0"));
  assert.equal(record.state, "live", record.outcome?.reason);
  assert.deepEqual(record.specialisation, { name: "night", toplevel: night });
  await assertLive(host, night, target);
  assert.equal(await shopOf(host), "ActiveState=active Environment=V=new-night");
  assert.match(await host.ok(call(target, "status")), /specialisation night/);
  // It comes back by name as well.
  await host.ok(call(target, "rollback", "--yes"));
  const back = await ended(host, (await newestRecord(host)).id);
  assert.equal(back.state, "live", back.outcome?.reason);
  assert.equal(await shopOf(host), "ActiveState=active Environment=V=old-night");
});

hostTest(
  "a reboot boots the target, then activates its specialisation",
  { baseline },
  async (host) => {
    await goNight(host);
    const target = await host.buildToplevel(withNight("new", { kernel: "6.12.9" }));
    const night = await nightOf(host, target);
    assert.match(
      await host.shell(
        `nix-env -p /nix/var/nix/profiles/system --set ${target}; ${call(target, "explain").join(" ")}`,
      ),
      /Specialisation\n +night: the boot loader boots the target; then/,
    );
    const record = await ended(host, await deploy(host, target, "--delay", "0"), 60_000);
    assert.equal(record.state, "live", record.outcome?.reason);
    assert.equal((await host.facts()).booted, target);
    await assertLive(host, night, target);
    assert.equal(await shopOf(host), "ActiveState=active Environment=V=new-night");
  },
);

hostTest("a target without that specialisation is activated itself", { baseline }, async (host) => {
  await goNight(host);
  const target = await host.buildToplevel(systemSpec({ label: "new", units: shop("new") }));
  const record = await ended(host, await deploy(host, target, "--delay", "0"));
  assert.equal(record.state, "live", record.outcome?.reason);
  assert.match(record.timeline.at(-3)?.detail ?? "", /the target has no specialisation night/);
  await assertLive(host, target, target);
});

for (const kernel of ["6.12.3", "6.12.9"]) {
  hostTest(`a specialisation comes back as one, kernel ${kernel}`, { baseline }, async (host) => {
    const { parent, night } = await goNight(host);
    const target = await host.buildToplevel(withNight("new", { kernel }, FAILS));
    const record = await ended(host, await deploy(host, target, "--delay", "0"), 90_000);
    assert.equal(record.state, "rolled-back", record.outcome?.reason);
    await assertLive(host, night, parent);
    assert.equal(await shopOf(host), "ActiveState=active Environment=V=old-night");
  });
}

hostTest(
  "a system that was only tried comes back, and the generation boots",
  { baseline },
  async (host) => {
    const parent = (await host.facts()).current;
    const tried = await host.buildToplevel(systemSpec({ label: "tried", units: shop("tried") }));
    await host.ok([`${tried}/bin/switch-to-configuration`, "test"]);
    const target = await host.buildToplevel(
      systemSpec({ label: "new", units: shop("new", FAILS) }),
    );
    const record = await ended(host, await deploy(host, target, "--delay", "0"));
    assert.equal(record.state, "rolled-back", record.outcome?.reason);
    await assertLive(host, tried, parent);
    assert.equal(await shopOf(host), "ActiveState=active Environment=V=tried");
  },
);

hostTest(
  "a fall-back to the generation of a specialisation is no other system",
  { baseline },
  async (host) => {
    const { parent } = await goNight(host);
    const target = await host.buildToplevel(
      withNight("new", { kernel: "6.12.9", failure: { boot: true } }),
    );
    const record = await ended(host, await deploy(host, target, "--delay", "0"), 60_000);
    assert.equal(record.state, "failed");
    assert.match(record.outcome?.reason ?? "", /^fell back: booted /);
    const facts = await host.facts();
    assert.deepEqual([facts.profile, facts.bootDefault], [parent, parent]);
  },
);
