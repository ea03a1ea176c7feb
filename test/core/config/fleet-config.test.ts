import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { groupOfFleet } from "../../../src/core/config/fleet/group.ts";
import { parseConfig, parseRecordedConfig } from "../../../src/core/config/parse-config.ts";

const lock = { backend: "etcd", endpoints: ["https://a:2379"], group: "web" };

const read = (fleet: object | null) => parseConfig(JSON.stringify({ lock, fleet }), "c.json").fleet;

test("fleet: what is not given is the default", () => {
  assert.deepEqual(read({ wave: 2 }), {
    group: null,
    wave: 2,
    soak: 300,
    maxFailures: 1,
    joinWithin: 3600,
    onMissing: "halt",
  });
  assert.equal(read(null), null);
  assert.equal(parseConfig("{}", "c.json").fleet, null);
});

const REFUSED: readonly [object, RegExp][] = [
  [{}, /fleet\.wave is missing/],
  [{ wave: -1 }, /fleet\.wave: must be 0 or more/],
  [{ wave: 0.5 }, /fleet\.wave: must be a whole number/],
  [{ wave: 10_000 }, /fleet\.wave: must be 9999 at most/],
  [{ wave: 0, group: "a+fleet" }, /fleet\.group: must be letters, digits, dots and dashes/],
  [{ wave: 0, maxFailures: 0 }, /fleet\.maxFailures: must be 1 or more/],
  [{ wave: 0, soak: "soon" }, /fleet\.soak: must be a span/],
  [{ wave: 0, joinWithin: 0 }, /fleet\.joinWithin: must be 1 or more seconds/],
  [{ wave: 0, onMissing: "wait" }, /fleet\.onMissing: .*"halt" \| "go-on-without"/],
  [{ wave: 0, maxFailure: 1 }, /unknown key fleet\.maxFailure\. Did you mean fleet\.maxFailures/],
];
for (const [fleet, why] of REFUSED) {
  test(`fleet: refuses ${JSON.stringify(fleet)}`, () => {
    assert.throws(() => read(fleet), why);
  });
}

const problem = (config: object) => (): unknown => parseConfig(JSON.stringify(config), "c.json");

test("fleet: what is no object of settings is not called missing", () => {
  assert.throws(problem({ lock, fleet: "x" }), /: fleet: expected an object of settings, not "x"$/);
  assert.throws(problem({ lock, fleet: 5 }), /: fleet: expected an object of settings, not 5$/);
  assert.throws(problem({ report: "x" }), /: report: expected an object of settings, not "x"$/);
});

test("fleet: its group is that of the lock, unless it has its own", () => {
  assert.equal(groupOfFleet({ group: null }, lock), "web");
  assert.equal(groupOfFleet({ group: "all" }, lock), "all");
});

test("docs/settings.md has every key of the fleet with its default, and no other", () => {
  const text = readFileSync(new URL("../../../docs/settings.md", import.meta.url), "utf8");
  const [, section = ""] = text.split("## Rollouts of a fleet: `fleet`");
  const [table = ""] = section.split("\n## ");
  const rows = [...table.matchAll(/^\| `(\w+)` \| (?:`([^`]+)`)? ?\|/gm)];
  const documented = rows.map(([, key = "", byDefault]) => [key, JSON.parse(byDefault ?? "0")]);
  assert.deepEqual(Object.fromEntries(documented), read({ wave: 0 }));
});

test("fleet: a finalization that is scheduled already is not held to a lock that goes with it", () => {
  const text = JSON.stringify({ fleet: { wave: 1 } });
  assert.throws(() => parseConfig(text, "c.json"), /fleet: needs an etcd/);
  assert.equal(parseRecordedConfig(text, "c.json").fleet?.wave, 1);
});
