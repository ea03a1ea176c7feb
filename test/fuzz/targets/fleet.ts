import assert from "node:assert/strict";
import { hasSucceeded, leaseIn, renewalIn } from "../../../src/fleet/etcd.ts";
import { read } from "../../../src/fleet/etcd-gateway.ts";
import { freeSlot, givingBack, ownSlot, readGroup, taking } from "../../../src/fleet/etcd-group.ts";
import { describeRefusal } from "../../../src/fleet/fleetlock.ts";
import { jsonIn } from "../../../src/core/answer.ts";
import { claimOf, etcdConfig } from "../../fleet/configs.ts";
import type { Target } from "../target.ts";
import { assertCount, assertLine, wellFormed } from "../well-formed.ts";

const ENDPOINT = "https://etcd1.example.org:2379";
const CONFIG = etcdConfig([ENDPOINT], { slots: 3 });
const CLAIM = claimOf("0123456789abcdef0123456789abcdef");
const NOW = new Date("2026-11-22T21:31:00Z");

const HOLDING = {
  id: CLAIM.id,
  host: "web1",
  slot: 1,
  finalization: CLAIM.finalization,
  token: CLAIM.token,
  takenAt: "2026-11-22T21:31:00.000Z",
};
const BASE = "deploy-finalize/default/";

/** An answer with readable keys and values; etcd sends them in base64. */
const KEYS: readonly (readonly [string, string])[] = [
  [`${BASE}round`, "x"],
  [`${BASE}slot/0001`, JSON.stringify(HOLDING)],
  [`${BASE}holder/${CLAIM.id}`, JSON.stringify(HOLDING)],
];

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}

const RANGE = JSON.stringify({
  kvs: KEYS.map(([key, value]) => ({ key: base64(key), value: base64(value), mod_revision: "7" })),
});

function checkGroup(answer: unknown): void {
  const group = readGroup(CONFIG, answer);
  wellFormed(group);
  for (const [slot, holder] of group.slots) {
    assertCount(slot);
    assert.equal(holder.slot, slot);
  }
  const slot = ownSlot(group, CLAIM.id) ?? freeSlot(group, 3);
  if (slot !== null) JSON.stringify(taking(CONFIG, group, CLAIM, slot, NOW));
  for (const self of [null, { host: CLAIM.host, finalizations: [] }]) {
    JSON.stringify(givingBack(CONFIG, group, CLAIM.id, self));
  }
}

/** The gateway's callers turn each of these errors into `unknown`. */
const MAY_THROW = /^Invalid |^etcd1\.example\.org:2379: /;

export const FLEET: readonly Target[] = [
  {
    file: "fleet/etcd-group.ts",
    name: "readGroup",
    samples: [RANGE, "{}"],
    parse: (text) => {
      checkGroup(jsonIn(text));
    },
    mayThrow: MAY_THROW,
  },
  {
    file: "fleet/etcd-group.ts",
    name: "readGroup",
    samples: KEYS.map(([key, value]) => `${key} ${value}`),
    // The same, with any key and value.
    parse: (text) => {
      const at = text.indexOf(" ");
      const [key, value] = [text.slice(0, Math.max(0, at)), text.slice(at + 1)];
      const header = { cluster_id: "1" };
      checkGroup({ header, kvs: [{ key: base64(key), value: base64(value) }] });
    },
  },
  {
    file: "fleet/etcd-gateway.ts",
    name: "read",
    samples: [
      '{"token":"abc.7"}',
      '{"error":"x","code":3,"message":"etcdserver: user name is empty"}',
    ],
    parse: (text) => {
      for (const status of [400, 200]) {
        try {
          assert.notEqual(read(ENDPOINT, { status, headers: {}, text }), null);
        } catch (error) {
          if (status === 200) throw error;
          assertLine(error instanceof Error ? error.message : "", 300);
        }
      }
    },
    mayThrow: MAY_THROW,
  },
  {
    file: "fleet/etcd.ts",
    name: "leaseIn",
    samples: ['{"header":{"cluster_id":"1"},"ID":"7587862094117478159","TTL":"60"}'],
    parse: (text) => {
      assert.match(leaseIn(jsonIn(text)), /^-?\d{1,20}$/);
    },
    mayThrow: MAY_THROW,
  },
  {
    file: "fleet/etcd.ts",
    name: "renewalIn",
    samples: [
      '{"result":{"header":{"cluster_id":"1"},"ID":"7587862094117478159","TTL":"60"}}',
      '{"result":{}}',
    ],
    parse: (text) => {
      assert.ok(["renewed", "gone"].includes(renewalIn(jsonIn(text))));
    },
    mayThrow: MAY_THROW,
  },
  {
    file: "fleet/etcd.ts",
    name: "hasSucceeded",
    samples: ['{"header":{"cluster_id":"1"},"succeeded":true,"responses":[]}', "{}"],
    parse: (text) => {
      assert.equal(typeof hasSucceeded(jsonIn(text)), "boolean");
    },
    mayThrow: MAY_THROW,
  },
  {
    file: "fleet/fleetlock.ts",
    name: "describeRefusal",
    samples: ['{"kind":"failed_lock","value":"semaphore currently full, all slots are locked"}'],
    parse: (text) => {
      assertLine(
        describeRefusal("https://lock.example.org/", { status: 409, headers: {}, text }),
        600,
      );
    },
  },
];
