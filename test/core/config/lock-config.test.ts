import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { isSameLock, lockFor } from "../../../src/core/config/lock-config.ts";
import { parseConfig } from "../../../src/core/config/parse-config.ts";
import { etcdConfig, fleetLockConfig } from "../../fleet/configs.ts";

const read = (lock: object) => parseConfig(JSON.stringify({ lock }), "c.json").lock;

test("lock: what is not given is the default", () => {
  const url = "https://lock.example/base";
  assert.deepEqual(read({ backend: "fleetlock", url }), fleetLockConfig(url));
  const endpoints = ["https://etcd1:2379"];
  assert.deepEqual(read({ backend: "etcd", endpoints }), etcdConfig(endpoints));
  assert.equal(parseConfig('{"lock": null}', "c.json").lock, null);
});

const url = "http://h";
const endpoints = ["http://h"];
const refused: [object, RegExp][] = [
  [{ url }, /lock\.backend: .*"fleetlock" \| "etcd"/],
  [{ backend: "fleetlock" }, /lock\.url is missing/],
  [{ backend: "fleetlock", url: "lock.example" }, /lock\.url: must be an address that begins/],
  [{ backend: "fleetlock", url: "http://u:p@h" }, /lock\.url: must not contain a user, password/],
  [{ backend: "fleetlock", url: "http://h/?x=1" }, /lock\.url: must not contain a user, password/],
  [{ backend: "fleetlock", url, group: "a b" }, /lock\.group: must be letters, digits/],
  [{ backend: "fleetlock", url, for: ["boot"] }, /lock\.for\.0: .*"switch" \| "reboot"/],
  [{ backend: "fleetlock", url, slots: 2 }, /unknown key lock\.slots/],
  [
    { backend: "fleetlock", url, deadlin: 2 },
    /unknown key lock\.deadlin\. Did you mean lock\.dead/,
  ],
  [{ backend: "fleetlock", url, certFile: "/a" }, /certFile and keyFile go together/],
  [{ backend: "fleetlock", url, onDeadline: "go" }, /onDeadline: .*"give-up" \| "proceed"/],
  [{ backend: "etcd", endpoints: [] }, /endpoints: must name an endpoint/],
  [{ backend: "etcd", endpoints, slots: 0 }, /slots: must be 1 or more/],
  [{ backend: "etcd", endpoints, slot: 1 }, /unknown key lock\.slot\. Did you mean lock\.slots\?/],
  [{ backend: "etcd", endpoints, lease: 0 }, /lease: must be 1 or more/],
  [{ backend: "etcd", endpoints, prefix: "a/" }, /prefix: must not be empty or end with a slash/],
  [{ backend: "etcd", endpoints, username: "u" }, /username and passwordFile go together/],
  [{ backend: "etcd", endpoints, passwordFile: "p" }, /passwordFile: must be an absolute path/],
];
for (const [lock, why] of refused) {
  test(`lock: refuses ${JSON.stringify(lock)}`, () => {
    assert.throws(() => read(lock), why);
  });
}

test("lock: the acts that need a slot", () => {
  const byDefault = etcdConfig(endpoints);
  assert.equal(lockFor(byDefault, "reboot"), byDefault);
  assert.equal(lockFor(byDefault, "switch"), null);
  const both = etcdConfig(endpoints, { for: ["switch", "reboot"] });
  assert.equal(lockFor(both, "switch"), both);
  assert.equal(lockFor(etcdConfig(endpoints, { for: [] }), "reboot"), null);
  assert.equal(lockFor(null, "reboot"), null);
});

test("lock: the same slots, whatever else differs", () => {
  const one = etcdConfig(["http://a", "http://b"]);
  assert.ok(isSameLock(one, etcdConfig(["http://b", "http://c"], { timeout: 1, slots: 5 })));
  assert.ok(!isSameLock(one, etcdConfig(["http://c"])));
  assert.ok(!isSameLock(one, etcdConfig(["http://a"], { group: "other" })));
  assert.ok(!isSameLock(one, etcdConfig(["http://a"], { prefix: "other" })));
  assert.ok(!isSameLock(one, fleetLockConfig("http://a")));
  assert.ok(isSameLock(fleetLockConfig("http://a"), fleetLockConfig("http://a", { retry: 1 })));
  assert.ok(!isSameLock(fleetLockConfig("http://a"), fleetLockConfig("http://b")));
});

test("the examples in docs/fleet-lock.md are accepted", () => {
  const text = readFileSync(new URL("../../../docs/fleet-lock.md", import.meta.url), "utf8");
  const examples = [...text.matchAll(/```json\n(.*?)```/gs)].map(([, example = ""]) => example);
  const backends = examples.map((example) => parseConfig(example, "an example").lock?.backend);
  assert.deepEqual(backends, ["fleetlock"]);
});

test("docs/settings.md has every key of the lock, and no other", () => {
  const text = readFileSync(new URL("../../../docs/settings.md", import.meta.url), "utf8");
  const [, section = ""] = text.split("## Fleet lock: `lock`");
  const [table = ""] = section.split("\n## ");
  const firsts = [...table.matchAll(/^\| (`[^|]+) \|/gm)].map(([, first = ""]) => first);
  const documented = firsts.flatMap((first) => first.match(/\w+/g) ?? []);
  const known = [etcdConfig(["http://h"]), fleetLockConfig("http://h")].flatMap(Object.keys);
  assert.deepEqual(documented.toSorted(), [...new Set(known)].toSorted());
});
