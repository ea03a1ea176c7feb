import assert from "node:assert/strict";
import { etcdTest } from "../etcd-test.ts";
import {
  admitted,
  rolloutIn,
  failed,
  finalization,
  held,
  heldIn,
  live,
  known,
  memberNamed,
  selfOf,
  serverOf,
  states,
  view,
} from "./hosts.ts";

const web1 = selfOf("web1", 0);
const web2 = selfOf("web2", 1);
const web3 = selfOf("web3", 1);

etcdTest("rollout: without a lower wave it goes on only if configured", async ({ endpoints }) => {
  const server = serverOf(endpoints);
  const self = { ...web2, onMissing: "go-on-without" } as const;
  assert.match((await held(server, self)).why, /^waits for the first host .* \(waits until /);
  const waited = self.joinWithin;
  assert.equal((await server.admit(self, waited)).kind, "admitted");
});

etcdTest(
  "rollout: the second wave follows when the first has ended live",
  async ({ endpoints }) => {
    const server = serverOf(endpoints);
    const why = "waits for the first host of a wave below 1: none is known yet";
    assert.deepEqual(await server.preview(web2), {
      kind: "held",
      because: "missing",
      why,
      rollout: { ...(await started("web2")) },
    });
    // The canary comes later.
    assert.equal((await held(server, web2, web2.joinWithin)).why, why);
    assert.equal((await admitted(server, web1)).startedBy, "web2");
    const waits = await held(server, web2);
    assert.equal(waits.because, "wave");
    assert.equal(waits.why, "waits for wave 0: 0 of 1 hosts have ended live");
    assert.deepEqual(await states(server), ["0:web1 acting/-", "1:web2 waiting/-"]);
    assert.equal((await memberNamed(server, "web2")).why, waits.why);
    assert.deepEqual(known(await server.soaks(web1)), { kind: "told", progress: null });
    assert.equal((await held(server, web2)).because, "wave");
    const progress = await live(server, web1);
    assert.deepEqual(
      { ...progress, rollout: null },
      {
        rollout: null,
        waves: 2,
        complete: 1,
        members: 2,
        live: 1,
      },
    );
    await admitted(server, web2);
    assert.deepEqual(await states(server), ["0:web1 live/live", "1:web2 acting/-"]);
    await live(server, web2);
    // Told again: the same.
    assert.equal((await live(server, web2))?.live, 2);

    async function started(host: string): Promise<object> {
      const answer = known(await server.preview(selfOf(host, 0)));
      return { ...answer.rollout, startedBy: host };
    }
  },
);

etcdTest("rollout: a failure halts it, the fix starts at wave 0", async ({ endpoints }) => {
  const server = serverOf(endpoints);
  await admitted(server, web1);
  await held(server, web2);
  const progress = await failed(server, web1);
  assert.equal(progress?.rollout.halt?.kind, "failures");
  const halted = await held(server, web2);
  assert.equal(halted.because, "halted");
  assert.equal(halted.why, "rollout r1 is halted: web1 failed: rolled back: no web");
  // Told again, it counts once.
  assert.equal((await failed(server, web1))?.rollout.failures.length, 1);
  const fix = { rollout: "r2", finalization: finalization(1) };
  const would = known(await server.preview({ ...web2, ...fix }));
  assert.ok(would.kind === "held");
  assert.equal(would.why, "waits for wave 0: 0 of 1 hosts have ended live");
  assert.equal((await view(server)).rollout?.name, "r1");
  const waits = await held(server, { ...web2, ...fix });
  assert.equal(waits.rollout.name, "r2");
  assert.equal(waits.rollout.seq, 2);
  assert.equal(waits.because, "missing");
  assert.match(
    waits.why,
    /: 0 of 1 hosts have ended live; web1 does not take part yet \(waits until /,
  );
  await admitted(server, { ...web1, ...fix });
  await live(server, { ...web1, ...fix });
  await admitted(server, { ...web2, ...fix });
  const { past } = known(await server.history());
  assert.deepEqual(
    past.map(({ name, live: ended, members, isOver }) => [name, ended, members, isOver]),
    [["r1", 0, 2, false]],
  );
});

etcdTest("rollout: a past one is over if all of its hosts had ended", async ({ endpoints }) => {
  const server = serverOf(endpoints);
  const two = { maxFailures: 2 };
  await admitted(server, { ...web1, ...two });
  await failed(server, { ...web1, ...two });
  await admitted(server, { ...web2, ...two });
  await live(server, { ...web2, ...two });
  await admitted(server, { ...web1, rollout: "r2", finalization: finalization(1) });
  const { past } = known(await server.history());
  assert.deepEqual(
    past.map(({ name, live: ended, members, isOver }) => [name, ended, members, isOver]),
    [["r1", 1, 2, true]],
  );
});

etcdTest(
  "rollout: with more failures allowed, a failed host has ended too",
  async ({ endpoints }) => {
    const server = serverOf(endpoints);
    const two = { maxFailures: 2 };
    await admitted(server, { ...web1, ...two });
    await failed(server, { ...web1, ...two });
    // A host with a lower limit is held all the same.
    assert.equal((await held(server, web2)).because, "halted");
    await admitted(server, { ...web3, ...two });
    rolloutIn(await server.resume("root on web2"));
    // Told again, in other words: what was forgiven stays forgiven.
    await failed(server, { ...web1, ...two }, "no web");
    assert.equal((await view(server)).rollout?.failures.length, 1);
    await admitted(server, web2);
    const progress = await failed(server, { ...web3, ...two });
    assert.equal(progress?.rollout.halt, null);
    assert.equal(progress?.rollout.forgiven, 1);
    const last = await failed(server, { ...web2, ...two }, "unhealthy while it soaked");
    assert.match(last?.rollout.halt?.why ?? "", /^web3 failed: .*; web2 failed too$/);
  },
);

etcdTest(
  "rollout: a laggard of a superseded rollout is held and told so",
  async ({ endpoints }) => {
    const server = serverOf(endpoints);
    await admitted(server, web1);
    await held(server, web2);
    await admitted(server, { ...web1, rollout: "r2", finalization: finalization(1) });
    const superseded = await held(server, web2);
    assert.equal(superseded.because, "superseded");
    assert.match(
      superseded.why,
      /^rollout r1 was superseded by rollout r2; .*--rollout OTHER-NAME$/,
    );
    // Nothing of r1 counts any more.
    assert.deepEqual(await server.ends(web1, { kind: "failed", why: "x" }), { kind: "past" });
    assert.deepEqual(await server.ends(web2, { kind: "live" }), { kind: "past" });
    assert.deepEqual(await server.leaves(web2, "cancelled"), { kind: "past" });
    assert.equal((await view(server)).rollout?.failures.length, 0);
    // A process of the older finalization asks late: it begins nothing.
    assert.equal((await held(server, web1)).because, "superseded");
    // A newer deploy of the old revision, on a host that is in r2, starts it again.
    const again = { ...web1, finalization: finalization(2) };
    assert.equal((await admitted(server, again)).seq, 3);
  },
);

etcdTest("rollout: a laggard begins none that nobody has seen", async ({ endpoints }) => {
  const server = serverOf(endpoints);
  // r1 came to all hosts, and r2 to all but web2; web1 asks first when the window opens.
  const later = { rollout: "r2", finalization: finalization(1) };
  const begun = await admitted(server, { ...web1, ...later });
  assert.equal(begun.startedFor, later.finalization);
  const why =
    "rollout r1 was superseded by rollout r2, a later deploy; to start it all the same, deploy " +
    "again, or: deploy-finalize schedule --rollout OTHER-NAME";
  assert.equal(heldIn(await server.preview(web2)).why, why);
  const superseded = await held(server, web2);
  assert.deepEqual([superseded.because, superseded.why], ["superseded", why]);
  // Nor by the end of a host that acted without asking.
  assert.deepEqual(await server.ends(web2, { kind: "live" }), { kind: "past" });
  assert.equal((await view(server)).rollout?.name, "r2");
  assert.deepEqual(await states(server), ["0:web1 acting/-"]);
  const again = await held(server, { ...web2, finalization: finalization(2) });
  assert.equal(again.rollout.name, "r1");
  assert.equal(again.rollout.seq, 2);
});

etcdTest(
  "rollout: a host that changes its wave is waited for in the new one",
  async ({ endpoints }) => {
    const server = serverOf(endpoints);
    await admitted(server, web1);
    await live(server, web1);
    await admitted(server, web2);
    await live(server, web2);
    const fix = { rollout: "r2", finalization: finalization(1) };
    const moved = { ...web1, ...fix, wave: 5 };
    const waits = await held(server, moved);
    assert.match(waits.why, /^waits for wave 1: 0 of 1 .*web2 does not take part yet/);
    assert.deepEqual(await states(server), ["1:web2 live/-", "5:web1 waiting/-"]);
    await admitted(server, { ...web2, ...fix });
    await live(server, { ...web2, ...fix });
    await admitted(server, moved);
  },
);

etcdTest("rollout: an operator halts and resumes, on any host", async ({ endpoints }) => {
  const server = serverOf(endpoints);
  assert.deepEqual(await server.halt("root on web1", "why"), {
    kind: "refused",
    why: "group web has had no rollout yet",
  });
  await admitted(server, web1);
  assert.equal((await server.resume("root on web1")).kind, "refused");
  assert.equal(rolloutIn(await server.halt("root on web1", "looks bad")).halt?.by, "root on web1");
  assert.equal((await server.halt("root on web2", "again")).kind, "refused");
  // It has not acted yet: the gate asks right before the act.
  assert.equal((await held(server, web1)).why, "rollout r1 is halted: looks bad");
  assert.equal((await memberNamed(server, "web1")).state, "waiting");
  // Failures while it is halted are states of hosts only.
  assert.equal((await failed(server, web1))?.rollout.failures.length, 0);
  assert.equal(rolloutIn(await server.resume("root on web1")).halt, null);
  await admitted(server, web2);
});

etcdTest(
  "rollout: a host that withdraws waits, one that leaves is missing",
  async ({ endpoints }) => {
    const server = serverOf(endpoints);
    await admitted(server, web1);
    await server.withdraw(web1);
    assert.deepEqual(await states(server), ["0:web1 waiting/-"]);
    assert.equal((await held(server, web2)).because, "wave");
    await server.leaves(web1, "cancelled by root");
    const waits = await held(server, web2);
    assert.equal(waits.because, "missing");
    assert.match(waits.why, /web1 does not take part yet/);
    assert.equal((await memberNamed(server, "web1")).why, "cancelled by root");
    // It was live all the same: the group waits for its soak, and it is not missing.
    assert.equal(known(await server.soaks(web1)).kind, "told");
    assert.equal((await held(server, web2)).because, "wave");
    assert.equal((await held(server, web2, web2.joinWithin)).because, "wave");
    await server.leaves(web1, "cancelled by root");
    assert.equal((await held(server, web2)).because, "missing");
    // Its next finalization takes part again.
    await admitted(server, { ...web1, finalization: finalization(1) });
    assert.equal((await held(server, web2)).because, "wave");
  },
);

etcdTest("rollout: forgetting the last host of a wave completes it", async ({ endpoints }) => {
  const server = serverOf(endpoints);
  await admitted(server, web1);
  await held(server, web2);
  assert.deepEqual(await server.forget("web9"), {
    kind: "refused",
    why: "group web has no host web9",
  });
  const changed = server.change(new AbortController().signal);
  rolloutIn(await serverOf(endpoints).forget("web1"));
  await changed;
  assert.deepEqual(await states(server), ["1:web2 waiting/-"]);
  await admitted(server, web2);
  // It is not known any more, and its end counts for nobody.
  assert.deepEqual(await server.ends(web1, { kind: "live" }), { kind: "past" });
  rolloutIn(await server.forget("id-web2"));
  assert.deepEqual(await states(server), []);
});

etcdTest("rollout: the next one waits for a canary again", async ({ endpoints }) => {
  const server = serverOf(endpoints);
  await admitted(server, web1);
  await live(server, web1);
  await admitted(server, web2);
  await live(server, web2);
  rolloutIn(await server.forget("web1"));
  // The current one goes on.
  await admitted(server, web3);
  await live(server, web3);
  const next = { rollout: "r2", finalization: finalization(1) };
  const why = "waits for the first host of a wave below 1: none is known yet";
  assert.equal(heldIn(await server.preview({ ...web2, ...next })).why, why);
  assert.equal((await held(server, { ...web2, ...next })).why, why);
  await admitted(server, selfOf("web4", 0, next));
  assert.equal((await held(server, { ...web2, ...next })).because, "wave");
  // A canary that goes to another wave leaves none behind either, from the next rollout on.
  const last = { rollout: "r3", finalization: finalization(2) };
  await live(server, selfOf("web4", 0, next));
  await admitted(server, { ...web2, ...next });
  await live(server, { ...web2, ...next });
  await held(server, selfOf("web4", 2, { ...next, finalization: finalization(2) }));
  assert.equal((await held(server, { ...web2, ...last })).why, why);
});

etcdTest("rollout: two hosts under one id are told so", async ({ endpoints }) => {
  const server = serverOf(endpoints);
  await admitted(server, web1);
  const clone = await server.admit(selfOf("web4", 0, { id: "id-web1" }), 0);
  assert.ok(clone.kind === "unknown");
  assert.match(
    clone.why,
    /^web1 takes part under the id of this host \(id-web1\)\..* set lock\.id/,
  );
});
