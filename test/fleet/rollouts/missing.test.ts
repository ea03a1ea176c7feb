import assert from "node:assert/strict";
import { etcdTest } from "../etcd-test.ts";
import { untilAdmitted } from "./gate.ts";
import {
  admitted,
  finalization,
  held,
  known,
  live,
  memberNamed,
  now,
  rolloutIn,
  selfOf,
  serverOf,
  states,
  untilKnown,
  view,
} from "./hosts.ts";
import type { RolloutServer, Self } from "../../../src/fleet/rollouts/rollout-server.ts";

/** The hosts that are known are web1 to web3 of wave 0 and web4 of wave 1. */
async function first(server: RolloutServer): Promise<Self[]> {
  const hosts = ["web1", "web2", "web3"].map((host) => selfOf(host, 0));
  for (const self of hosts) await admitted(server, self);
  for (const self of hosts) await live(server, self);
  const last = selfOf("web4", 1);
  await admitted(server, last);
  await live(server, last);
  const next = { rollout: "r2", finalization: finalization(1) };
  return [...hosts, last].map((self) => ({ ...self, ...next }));
}

etcdTest("missing: a host that does not join halts the rollout", async ({ endpoints }) => {
  const server = serverOf(endpoints);
  const [web1, web2, web3, web4] = await first(server);
  assert.ok(web1 && web2 && web3 && web4);
  for (const self of [web1, web2]) await admitted(server, self);
  await live(server, web1);
  // It has not joined yet, so nobody has waited.
  const waits = await held(server, web4, 9999);
  assert.equal(waits.because, "wave");
  assert.equal(
    waits.why,
    "waits for wave 0: 1 of 3 hosts has ended live; web3 does not take part yet " +
      "(waits until 2026-11-30T15:00:00.000Z)",
  );
  await live(server, web2);
  assert.equal((await held(server, web4, 3599)).because, "missing");
  const halted = await held(server, web4, 3600);
  assert.equal(halted.because, "halted");
  assert.equal(halted.rollout.halt?.kind, "missing");
  assert.deepEqual(halted.rollout.halt.missing, ["id-web3"]);
  assert.match(halted.why, /: web3 has not joined within 3600 s\. .*fleet forget HOST/);
  // Whoever resumes goes on without it: otherwise the next look would halt again.
  assert.equal(rolloutIn(await server.resume("root")).resumed?.by, "root");
  assert.deepEqual((await states(server)).slice(2), ["0:web3 live/without", "1:web4 waiting/-"]);
  await admitted(server, web4);
  // If it comes all the same, it takes part.
  await admitted(server, web3);
  await live(server, web3);
  assert.equal((await states(server))[2], "0:web3 live/live");
});

etcdTest("missing: a rollout goes on without a host, if so configured", async ({ endpoints }) => {
  const server = serverOf(endpoints);
  const [web1, , , last] = await first(server);
  assert.ok(web1 && last);
  const web4: Self = { ...last, onMissing: "go-on-without" };
  await admitted(server, web1);
  await live(server, web1);
  await held(server, web4);
  const other = serverOf(endpoints);
  await held(other, selfOf("web5", 2, { rollout: "r2" }));
  const changed = other.change(new AbortController().signal);
  assert.equal(known(await server.admit(web4, 3600)).kind, "admitted");
  await changed;
  assert.deepEqual(await states(server), [
    "0:web1 live/live",
    "0:web2 live/without",
    "0:web3 live/without",
    "1:web4 acting/-",
    "2:web5 waiting/-",
  ]);
});

/** Minutes after the begin of the test. */
function clockAt(): { at: number; readonly now: () => Date } {
  const clock = { at: 0, now: () => new Date(now().getTime() + clock.at * 60_000) };
  return clock;
}

etcdTest("missing: a host that has left has its time to come back", async ({ endpoints }) => {
  const clock = clockAt();
  const server = serverOf(endpoints, {}, "h", clock.now);
  const [web1, web2, web3, web4] = await first(server);
  assert.ok(web1 && web2 && web3 && web4);
  for (const self of [web1, web2, web3]) await admitted(server, self);
  await live(server, web1);
  await held(server, web4);
  // Somebody cancels the deploy on web2, and deploys again.
  clock.at = 90;
  await server.leaves(web2, "cancelled by root");
  clock.at = 149;
  const waits = await held(server, web4, 149 * 60);
  assert.equal(waits.because, "wave");
  assert.equal(
    waits.why,
    "waits for wave 0: 1 of 3 hosts has ended live; web2 does not take part yet " +
      "(waits until 2026-11-30T17:30:00.000Z)",
  );
  const again = { ...web2, finalization: finalization(2) };
  await admitted(server, again);
  assert.match((await held(server, web4, 149 * 60)).why, /1 of 3 hosts has ended live$/);
  await server.leaves(again, "cancelled by root");
  clock.at = 208;
  assert.equal((await held(server, web4, 208 * 60)).because, "wave");
  clock.at = 209;
  const halted = await held(server, web4, 209 * 60);
  assert.equal(halted.because, "halted");
  assert.deepEqual(halted.rollout.halt?.missing, ["id-web2"]);
});

etcdTest("missing: a host that has just left does not hide the others", async ({ endpoints }) => {
  for (const onMissing of ["halt", "go-on-without"] as const) {
    const clock = clockAt();
    const server = serverOf(endpoints, { prefix: onMissing }, "h", clock.now);
    const [web1, web2, , last] = await first(server);
    assert.ok(web1 && web2 && last);
    const web4 = { ...last, onMissing };
    for (const self of [web1, web2]) await admitted(server, self);
    await live(server, web1);
    await held(server, web4);
    clock.at = 60;
    await server.leaves(web2, "cancelled by root");
    const next = await held(server, web4, 3600);
    const isHalted = onMissing === "halt";
    assert.equal(next.because, isHalted ? "halted" : "missing");
    assert.deepEqual(next.rollout.halt?.missing, isHalted ? ["id-web3"] : undefined);
    const ends = (await states(server)).slice(1, 3);
    assert.deepEqual(ends, ["0:web2 left/-", `0:web3 live/${isHalted ? "-" : "without"}`]);
  }
});

etcdTest("missing: a host that joins in the last moment is waited for", async ({ endpoints }) => {
  const server = serverOf(endpoints);
  const [web1, web2, web3, web4] = await first(server);
  assert.ok(web1 && web2 && web3 && web4);
  await admitted(server, web1);
  await live(server, web1);
  await held(server, web4);
  const asks = async (holder: string, self: Self, waited: number) => {
    const own = serverOf(endpoints, {}, holder);
    return await untilKnown(async () => await own.admit(self, waited));
  };
  const answers = await Promise.all([
    asks("a", web2, 0),
    asks("b", web3, 0),
    asks("c", web4, 3600),
  ]);
  // Either all have joined before, or the rollout is halted.
  const { rollout } = await view(server);
  const [, , own] = answers;
  assert.ok(own.kind === "held");
  assert.equal(own.because, rollout?.halt === null ? "wave" : "halted");
  if (rollout?.halt !== null) rolloutIn(await server.resume("root"));
  for (const self of [web2, web3]) {
    await untilAdmitted(server, self);
    await live(server, self);
  }
  await admitted(server, web4);
  assert.equal((await memberNamed(server, "web4")).state, "acting");
});
