import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../support/fast-check.ts";
import { failedInWords, newlyFailed, userUnitsSuffix } from "../../src/core/user-units/judge.ts";
import type { UserUnits } from "../../src/core/user-units/schema.ts";

function seen(failed: readonly string[], silent: readonly string[] = []): UserUnits {
  return {
    failed: failed.map((text) => {
      const [user = "", unit = ""] = text.split(" ");
      return { user, unit };
    }),
    unknown: silent.map((user) => ({ user, why: "no answer" })),
  };
}

test("a user unit has newly failed if it had not failed before for the same user", () => {
  const before = seen(["anna old.service"]);
  const now = seen(["anna old.service", "anna new.service", "bert old.service"]);
  assert.deepEqual(newlyFailed(before, now), seen(["anna new.service", "bert old.service"]));
  assert.deepEqual(newlyFailed(now, before), seen([]));
});

test("a user whose manager did not answer before the act is unknown, and is not blamed", () => {
  const now = seen(["anna x.service", "bert x.service"]);
  assert.deepEqual(newlyFailed(seen([], ["anna"]), now), seen(["bert x.service"], ["anna"]));
  assert.deepEqual(newlyFailed(seen([]), seen([], ["anna"])), seen([], ["anna"]));
});

test("the words name three units, and count the others", () => {
  const many = seen(["anna a.service", "anna b.service", "anna c.service", "anna d.service"]);
  const words = "a.service of anna, b.service of anna, c.service of anna and 1 more";
  assert.equal(failedInWords(many), words);
  assert.equal(userUnitsSuffix(many), `; user units failed: ${words}`);
  assert.equal(userUnitsSuffix(seen([], ["anna"])), "");
  assert.equal(userUnitsSuffix(null), "");
});

test("property: nothing that had failed before, and nobody unknown, is blamed", () => {
  const name = fc.constantFrom("a", "b", "c");
  const list = fc.record({
    failed: fc.array(fc.record({ user: name, unit: name })),
    unknown: fc.array(fc.record({ user: name, why: fc.string() })),
  });
  fc.assert(
    fc.property(list, list, (before, now) => {
      for (const { user, unit } of newlyFailed(before, now).failed) {
        assert.ok(!before.failed.some((one) => one.user === user && one.unit === unit));
        assert.ok(![...before.unknown, ...now.unknown].some((one) => one.user === user));
        assert.ok(now.failed.some((one) => one.user === user && one.unit === unit));
      }
    }),
  );
});
