import assert from "node:assert/strict";
import { test } from "node:test";
import lock from "../../package-lock.json" with { type: "json" };

interface Entry {
  readonly version?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const entries: Readonly<Record<string, Entry>> = lock.packages;

/** `npm install` of some versions leaves out packages for other machines; `npm ci` of others then refuses. */
void test("package-lock.json has every package that scripts/setup may install, on any machine", () => {
  const names = Object.values(entries).flatMap((entry) =>
    Object.keys({
      ...entry.dependencies,
      ...entry.devDependencies,
      ...entry.optionalDependencies,
    }),
  );
  assert.ok(names.includes("commander"));
  assert.deepEqual(
    names.filter((name) => entries[`node_modules/${name}`] === undefined),
    [],
  );
});
