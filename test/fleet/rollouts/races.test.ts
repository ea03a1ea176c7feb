import assert from "node:assert/strict";
import { etcdClusterTest, etcdTest } from "../etcd-test.ts";
import { type Hook, withHook } from "../hook.ts";
import { untilAdmitted, untilLive } from "./gate.ts";
import {
  admitted,
  failed,
  finalization,
  held,
  live,
  rolloutIn,
  selfOf,
  serverOf,
  states,
  untilKnown,
  view,
} from "./hosts.ts";

const web1 = selfOf("web1", 0);
const web2 = selfOf("web2", 1);

etcdClusterTest(
  "rollout: many hosts join at once, and begin one rollout",
  async ({ endpoints }) => {
    const hosts = Array.from({ length: 24 }, (_, index) => selfOf(`h${index}`, index % 3));
    for (const rollout of ["r1", "r2"]) {
      const more = { rollout, finalization: finalization(rollout === "r1" ? 0 : 1) };
      const answers = await Promise.all(
        hosts.map(async (self) => {
          const server = serverOf(endpoints, {}, self.host);
          return await untilKnown(async () => await server.admit({ ...self, ...more }, 0));
        }),
      );
      const names = new Set(
        answers.map((answer) => `${answer.rollout.name} ${answer.rollout.seq}`),
      );
      assert.deepEqual([...names], [rollout === "r1" ? "r1 1" : "r2 2"]);
      const { waves } = await view(serverOf(endpoints));
      assert.deepEqual(
        waves.map(({ members }) => members.filter(({ hasJoined }) => hasJoined).length),
        [8, 8, 8],
      );
    }
    // The hosts of wave 0 are let in, and at least those that came first.
    const acting = (await states(serverOf(endpoints))).filter((text) => text.includes("acting"));
    assert.deepEqual(acting.length, 8);
    assert.ok(acting.every((text) => text.startsWith("0:")));
  },
);

etcdClusterTest(
  "rollout: the last finishers of a wave wake those who wait",
  async ({ endpoints }) => {
    const first = Array.from({ length: 12 }, (_, index) => selfOf(`h${index}`, 0));
    const server = serverOf(endpoints);
    for (const self of first) await untilAdmitted(server, self);
    const second = Array.from({ length: 6 }, (_, index) => selfOf(`w${index}`, 1));
    const answers: string[] = [];
    const waiting = second.map(
      async (self) =>
        await untilAdmitted(serverOf(endpoints, {}, self.host), self, (why) => answers.push(why)),
    );
    await Promise.all(first.map(async (self) => await untilLive(serverOf(endpoints), self)));
    await Promise.all(waiting);
    assert.ok(
      answers.every((why) => /^waits for wave 0: \d+ of 12 |^the lock server /.test(why)),
      answers.join("\n"),
    );
  },
);

etcdClusterTest(
  "rollout: hosts that fail at once are counted, up to the halt",
  async ({ endpoints }) => {
    const hosts = Array.from({ length: 16 }, (_, index) =>
      selfOf(`h${index}`, 0, { maxFailures: 4 }),
    );
    const server = serverOf(endpoints);
    for (const self of hosts) await untilAdmitted(server, self);
    await untilKnown(async () => await server.admit(web2, 0));
    await Promise.all(
      hosts.map(async (self) => {
        const own = serverOf(endpoints, {}, self.host);
        while ((await own.ends(self, { kind: "failed", why: "broken" })).kind === "unknown");
      }),
    );
    const { rollout, waves } = await view(server);
    assert.equal(rollout?.failures.length, 4);
    assert.equal(rollout.halt?.kind, "failures");
    const ends = waves[0]?.members.map(({ state, done }) => `${state} ${done}`);
    assert.deepEqual(new Set(ends), new Set(["failed failed"]));
    const last = await untilKnown(async () => await server.admit(web2, 0));
    assert.equal(last.kind === "held" && last.because, "halted");
  },
);

// The transaction that would let web2 in is on its way.
const MEANWHILE: Record<
  string,
  { act: (endpoints: readonly string[]) => Promise<unknown>; because: string; why: RegExp }
> = {
  "an operator halts": {
    act: async (endpoints) => rolloutIn(await serverOf(endpoints).halt("root", "stop")),
    because: "halted",
    why: /stop$/,
  },
  "another host of its wave fails": {
    act: async (endpoints) => await failed(serverOf(endpoints), selfOf("web3", 1)),
    because: "halted",
    why: /web3 failed/,
  },
  "a new host comes to a lower wave": {
    act: async (endpoints) => await admitted(serverOf(endpoints), selfOf("web0", 0)),
    because: "wave",
    why: /^waits for wave 0: 1 of 2 hosts has ended live$/,
  },
  "the next rollout begins": {
    act: async (endpoints) => {
      const newer = { ...web1, rollout: "r2", finalization: finalization(1) };
      await admitted(serverOf(endpoints), newer);
    },
    because: "superseded",
    why: /superseded by rollout r2/,
  },
};

for (const [what, { act, because, why }] of Object.entries(MEANWHILE)) {
  etcdTest(`rollout: a host is not let in if ${what} meanwhile`, async ({ endpoints }) => {
    const server = serverOf(endpoints);
    await admitted(server, web1);
    await live(server, web1);
    await admitted(server, selfOf("web3", 1));
    let isReached = false;
    const hook: Hook = async () => {
      isReached = true;
      await act(endpoints);
    };
    await using proxy = await withHook(endpoints[0] ?? "", hook);
    const answer = await held(serverOf([proxy.url]), web2);
    assert.ok(isReached);
    assert.equal(answer.because, because);
    assert.match(answer.why, why);
    assert.ok(!(await states(server)).includes("1:web2 acting/-"));
  });
}

etcdTest(
  "rollout: a host that is forgotten while it is let in joins anew",
  async ({ endpoints }) => {
    const server = serverOf(endpoints);
    await admitted(server, web1);
    await held(server, web2);
    await live(server, web1);
    await using proxy = await withHook(endpoints[0] ?? "", async () => {
      rolloutIn(await serverOf(endpoints).forget("web2"));
    });
    await admitted(serverOf([proxy.url]), web2);
    assert.deepEqual(await states(server), ["0:web1 live/live", "1:web2 acting/-"]);
  },
);

/** Whether the transaction was carried out before its answer was lost. */
for (const isDone of ["carried out", "lost"] as const) {
  const hook: Hook = async (forward) => {
    if (isDone === "carried out") await forward();
    return "cut";
  };
  etcdTest(
    `rollout: a transaction without an answer, ${isDone}, is read again`,
    async ({ endpoints }) => {
      const [address = ""] = endpoints;
      const direct = serverOf(endpoints);
      await using start = await withHook(address, hook);
      assert.equal((await admitted(serverOf([start.url]), web1)).seq, 1);
      await held(direct, web2);
      await using end = await withHook(address, hook);
      const progress = await failed(serverOf([end.url]), { ...web1, maxFailures: 2 });
      assert.equal(progress?.rollout.failures.length, 1);
      assert.equal((await view(direct)).rollout?.failures.length, 1);
      rolloutIn(await direct.resume("root"));
      await using again = await withHook(address, hook);
      await admitted(serverOf([again.url]), web2);
      await using last = await withHook(address, hook);
      await live(serverOf([last.url]), web2);
      assert.deepEqual(await states(direct), ["0:web1 failed/failed", "1:web2 live/live"]);
    },
  );
}

etcdTest("rollout: a transaction that comes too late lets nobody in", async ({ endpoints }) => {
  const [address = ""] = endpoints;
  const direct = serverOf(endpoints);
  await admitted(direct, web1);
  await live(direct, web1);
  const reached = Promise.withResolvers<void>();
  const halted = Promise.withResolvers<void>();
  await using proxy = await withHook(address, async (forward) => {
    reached.resolve();
    await halted.promise;
    await forward();
    return "cut for good";
  });
  const late = serverOf([proxy.url]).admit(web2, 0);
  await reached.promise;
  rolloutIn(await direct.halt("root", "stop"));
  halted.resolve();
  assert.equal((await late).kind, "unknown");
  assert.deepEqual(await states(direct), ["0:web1 live/live"]);
});

etcdClusterTest(
  "rollout: hosts end in the old one while the next begins",
  async ({ endpoints }) => {
    const hosts = Array.from({ length: 12 }, (_, index) => selfOf(`h${index}`, 0));
    const server = serverOf(endpoints);
    for (const self of hosts) await untilAdmitted(server, self);
    const ends = hosts.map(async (self, index) => {
      const own = serverOf(endpoints, {}, self.host);
      const isNext = index % 3 === 0;
      const next = { ...self, rollout: "r2", finalization: finalization(1) };
      if (isNext) return (await untilKnown(async () => await own.admit(next, 0))).kind;
      return (await untilKnown(async () => await own.ends(self, { kind: "live" }))).kind;
    });
    const kinds = await Promise.all(ends);
    assert.ok(kinds.every((kind) => ["admitted", "told", "past"].includes(kind)));
    // Nothing of the old one counts in the new one.
    const { rollout, waves } = await view(server);
    assert.equal(rollout?.seq, 2);
    const members = waves.flatMap((wave) => wave.members);
    assert.ok(members.every(({ done }) => done === null));
    assert.equal(members.filter(({ hasJoined }) => hasJoined).length, 4);
    const { past } = await untilKnown(server.history);
    assert.equal(past[0]?.members, 12);
  },
);
