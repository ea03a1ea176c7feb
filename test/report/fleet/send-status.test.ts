import assert from "node:assert/strict";
import { test } from "node:test";
import type { PastRollout, Rollout } from "../../../src/core/fleet/rollout.ts";
import type { RolloutServer } from "../../../src/fleet/rollouts/rollout-server.ts";
import type { OwedRollout } from "../../../src/report/owed-report.ts";
import { newOwedReport } from "../../../src/report/owed-report.ts";
import { sendGroupStatus } from "../../../src/report/fleet/send-status.ts";
import { DELIVERED, type Sent } from "../../../src/report/receivers/exchange.ts";
import { EdgeHost } from "../../support/edge-host.ts";
import fc from "../../support/fast-check.ts";
import { lastEvent, receiver, scheduled } from "../reports.ts";
import { aPast, aRollout, aView, halted, serverThatShows } from "./views.ts";

const ROLLOUT: OwedRollout = { group: "web", seq: 7, name: "x" };

/** A forge, for which a command stands: what it was told, in the order in which that arrived. */
class Forge extends EdgeHost {
  readonly posts: string[] = [];
  /** Runs before a post arrives. */
  onPost: () => Promise<void> = async () => {};

  override spawn: EdgeHost["spawn"] = async (argv, options) => {
    await this.onPost();
    const { event, summary }: { event: string; summary: string } = JSON.parse(
      typeof options?.input === "string" ? options.input : "",
    );
    this.posts.push(`${event}: ${summary}`);
    return { argv, exitCode: 0, cause: null, stdout: "", stderr: "" };
  };

  async send(server: RolloutServer | null, changes: object = {}): Promise<Sent> {
    const events = ["scheduled", "live", "failed", "superseded"];
    const config = receiver({ kind: "command", command: ["/post"], events, ...changes });
    const entry = newOwedReport(config, lastEvent(scheduled()), "2026-11-22T21:31:12.500Z");
    const signal = new AbortController().signal;
    const outgoing = { host: this, warn: this.say, signal };
    return await sendGroupStatus({ ...entry, rollout: ROLLOUT }, outgoing, async () => server);
  }
}

test("what is sent is what the group is when it is sent, not when the status became owed", async () => {
  using forge = new Forge();
  const server = serverThatShows(async () => aView([["live"], ["live", null]]));
  assert.deepEqual(await forge.send(server), DELIVERED);
  assert.deepEqual(forge.posts, ["switching: wave 2 of 2, 2 of 3 live"]);
});

test("a host that is overtaken while it sends, sends once more", async () => {
  using forge = new Forge();
  let view = aView([["live", null]]);
  forge.onPost = async () => {
    view = aView([["live", "live"]]);
  };
  assert.deepEqual(await forge.send(serverThatShows(async () => view)), DELIVERED);
  assert.deepEqual(forge.posts, ["switching: wave 1 of 1, 1 of 2 live", "live: 2 of 2 live"]);
});

test("a receiver that wants only some states gets no others", async () => {
  using forge = new Forge();
  const open = serverThatShows(async () => aView([["live", null]]));
  assert.deepEqual(await forge.send(open, { events: ["failed"] }), DELIVERED);
  assert.deepEqual(forge.posts, []);
  const stopped = serverThatShows(async () => aView([["failed", null]], halted()));
  assert.deepEqual(await forge.send(stopped, { events: ["failed"] }), DELIVERED);
  assert.match(forge.posts.join(), /^failed: halted, wave 1 of 1, 0 of 2 live: web1/);
});

test("a rollout that is superseded meanwhile gets the status of its end", async () => {
  using forge = new Forge();
  const past: PastRollout[] = [aPast({ seq: 8, name: "eight" }), aPast({ seq: 7, live: 2 })];
  const server = serverThatShows(
    async () => aView([[null]], aRollout({ seq: 9, name: "nine" })),
    async () => ({ kind: "known", past }),
  );
  assert.deepEqual(await forge.send(server), DELIVERED);
  assert.deepEqual(forge.posts, ["superseded: superseded by eight, 2 of 50 live"]);
});

test("without an answer of etcd it is tried again; a group that does not know the rollout ends it", async () => {
  using forge = new Forge();
  const gone = serverThatShows(async () => ({ kind: "unknown", why: "no route" }));
  assert.deepEqual(await forge.send(gone), { kind: "failed", why: "no route", notBefore: null });
  const newer = aView([[null]], aRollout({ seq: 9 }));
  const answers: readonly (readonly [RolloutServer | null, Sent["kind"], RegExp])[] = [
    [null, "refused", /takes part in no|does not take part/],
    [serverThatShows(async () => aView([], null)), "refused", /does not know/],
    [serverThatShows(async () => aView([[null]], aRollout({ seq: 6 }))), "refused", /not know/],
    [serverThatShows(async () => newer), "refused", /no history/],
    [
      serverThatShows(
        async () => newer,
        async () => ({ kind: "unknown", why: "no route" }),
      ),
      "failed",
      /no route/,
    ],
  ];
  for (const [server, kind, why] of answers) {
    const sent = await forge.send(server);
    assert.equal(sent.kind, kind);
    assert.match(sent.kind === "delivered" ? "" : sent.why, why);
  }
  assert.deepEqual(forge.posts, []);
});

test("a rollout that never stands still is left to a later try", async () => {
  using forge = new Forge();
  let at = 0;
  const moving = (): Rollout => halted({ at: `2026-11-22T22:00:00.00${at++}Z` });
  const sent = await forge.send(serverThatShows(async () => aView([[null]], moving())));
  assert.equal(sent.kind, "failed");
  assert.equal(forge.posts.length, 5);
});

test("whatever the order in which hosts send: the last status is that of the group at its end", async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), fc.integer({ min: 1, max: 6 }), async (s, hosts) => {
      using forge = new Forge();
      let live = 0;
      forge.onPost = async () => await s.schedule(Promise.resolve());
      const look = async () => {
        await s.schedule(Promise.resolve());
        const open = Array.from({ length: hosts - live }, () => null);
        return aView([[...Array.from({ length: live }, () => "live" as const), ...open]]);
      };
      const ends = Array.from({ length: hosts }, async () => {
        await s.schedule(Promise.resolve());
        live++;
        // Each of so few hosts is a step. A try that fails is repeated by the outbox.
        while ((await forge.send(serverThatShows(look))).kind !== "delivered");
      });
      await s.waitFor(Promise.all(ends));
      assert.equal(forge.posts.at(-1), `live: ${hosts} of ${hosts} live`);
    }),
  );
});
