import assert from "node:assert/strict";
import * as v from "valibot";
import { graceLeftMs, nextStep } from "../../../src/core/fleet/admission.ts";
import { waitsNow } from "../../../src/core/fleet/waits-now.ts";
import {
  type Member,
  memberSchema,
  type Rollout,
  rolloutSchema,
} from "../../../src/core/fleet/rollout.ts";
import { jsonIn } from "../../../src/core/answer.ts";
import { answerIn, isNews, valueOf, watchedIn } from "../../../src/fleet/rollouts/etcd/answers.ts";
import { hostIn, Keys, waveIn } from "../../../src/fleet/rollouts/etcd/keys.ts";
import { selfOf } from "../../fleet/rollouts/hosts.ts";
import type { Target } from "../target.ts";
import { assertCount, assertLine, wellFormed } from "../well-formed.ts";

const AT = "2026-11-30T15:00:00.000Z";
const KEYS = new Keys("deploy-finalize", "web");
const SELF = selfOf("web1", 1);
const { id, host, wave, finalization } = SELF;

const FAILURE = { id, host, wave, finalization, why: "rolled back", at: AT };
const ROLLOUT: Rollout = {
  schemaVersion: 1,
  seq: 3,
  name: "r1",
  startedAt: AT,
  startedBy: host,
  startedFor: finalization,
  halt: { at: AT, by: host, why: "web1 failed", kind: "failures", missing: [id] },
  failures: [FAILURE],
  forgiven: 0,
};
const MEMBER: Member = {
  schemaVersion: 1,
  id,
  host,
  wave,
  seq: 3,
  finalization,
  generation: 7,
  state: "waiting",
  since: AT,
  why: "waits for wave 0",
};

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}

const HEADER = { cluster_id: "1", member_id: "2", revision: "9", raft_term: "2" };

const RANGE = {
  response_range: {
    header: { revision: "9" },
    kvs: [{ key: base64(KEYS.control), value: base64("{}"), mod_revision: "7" }],
    count: "1",
  },
};

const LINES = [
  { header: HEADER, created: true },
  {
    header: HEADER,
    events: [
      {
        kv: {
          key: base64(KEYS.control),
          value: base64(JSON.stringify(ROLLOUT)),
          mod_revision: "9",
        },
      },
      { type: "DELETE", kv: { key: base64(KEYS.passed), mod_revision: "9" } },
    ],
  },
  { header: HEADER, canceled: true, compact_revision: "4" },
  { header: HEADER, watch_id: "-1", created: true, canceled: true, cancel_reason: "no" },
].map((result) => JSON.stringify({ result }));

const NO_LEADER = '{"error":{"grpc_code":14,"http_code":503,"message":"etcdserver: no leader"}}';

/** The callers turn each of these errors into `unknown`. */
const MAY_THROW = /^Invalid |^holds a foreign value/;

export const ROLLOUTS: readonly Target[] = [
  {
    file: "fleet/rollouts/etcd/answers.ts",
    name: "answerIn",
    samples: [
      JSON.stringify({ header: HEADER, succeeded: true, responses: [RANGE, {}] }),
      JSON.stringify({ header: HEADER }),
    ],
    parse: (text) => {
      const answer = answerIn(jsonIn(text));
      wellFormed(answer);
      assert.match(answer.revision, /^\d{1,19}$/);
    },
    mayThrow: MAY_THROW,
  },
  {
    file: "fleet/rollouts/etcd/answers.ts",
    name: "watchedIn",
    samples: [...LINES, NO_LEADER],
    parse: (text) => {
      try {
        const watched = watchedIn(text);
        if (watched.kind !== "changes") return;
        for (const entry of watched.entries) {
          for (const known of [ROLLOUT, null]) {
            assert.equal(typeof isNews(KEYS, entry, known), "boolean");
          }
        }
      } catch (error) {
        if (!(error instanceof Error) || error.name !== "Error") throw error;
        assertLine(error.message, 300);
      }
    },
  },
  {
    file: "fleet/rollouts/etcd/answers.ts",
    name: "valueOf",
    samples: [JSON.stringify(ROLLOUT), JSON.stringify(MEMBER)],
    // The values of other hosts decide for this one.
    parse: (text) => {
      const entry = { key: KEYS.control, value: text, mod: "1" };
      const schema = v.union([rolloutSchema, memberSchema]);
      const value = valueOf(schema, entry);
      wellFormed(value);
      const rollout = "failures" in value ? value : ROLLOUT;
      const own = "failures" in value ? MEMBER : value;
      const lower = { members: 1, done: 0, seen: 0 };
      wellFormed(nextStep({ rollout, named: null, own, lower, waves: [0] }, SELF, 5000));
      const graceMs = graceLeftMs(own, rollout, SELF, new Date(AT));
      assert.ok(graceMs >= 0 && graceMs <= 2 * SELF.joinWithin * 1000, String(graceMs));
    },
    mayThrow: MAY_THROW,
  },
  {
    file: "core/fleet/waits-now.ts",
    name: "waitsNow",
    samples: [`${MEMBER.why}: 0 of 1 hosts; web1 does not take part yet (waits until ${AT})`],
    parse: (text) => {
      const below = { wave: 0, host: "web0", done: null, hasJoined: false };
      const now = waitsNow(text, [below]);
      if (text.startsWith("waits for wave ")) {
        assert.match(now, /^waits for wave 0: 0 of 1 hosts have ended live; web0 does not/);
        assertLine(now);
      } else assert.equal(now, text);
    },
  },
  {
    file: "fleet/rollouts/etcd/keys.ts",
    name: "hostIn",
    samples: [KEYS.of("member", 1, id), KEYS.roster(1), `${KEYS.base}member/`],
    parse: (text) => {
      const found = hostIn(KEYS, "member", text);
      if (found === null) return;
      assertCount(found.wave);
      assert.equal(KEYS.of("member", found.wave, found.id), text);
    },
  },
  {
    file: "fleet/rollouts/etcd/keys.ts",
    name: "waveIn",
    samples: [KEYS.roster(1), KEYS.of("member", 1, id), `${KEYS.base}roster/`],
    parse: (text) => {
      const found = waveIn(KEYS, text);
      if (found !== null) assert.equal(KEYS.roster(found), text);
    },
  },
];
