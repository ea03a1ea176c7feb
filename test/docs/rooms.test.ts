import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { MOST_FILES, roomOf, ROOMS, roomTable, upwardImports } from "./rooms.ts";

const root = new URL("../../", import.meta.url).pathname;
const source = join(root, "src");
const files = new Map(
  globSync("**/*.ts", { cwd: source }).map((file) => [
    file,
    readFileSync(join(source, file), "utf8"),
  ]),
);

test("every file of src/ has a room", () => {
  assert.ok(files.size > 0);
  assert.deepEqual(
    [...files.keys()].filter((file) => roomOf(file) === -1),
    [],
  );
});

test("every room has files", () => {
  const used = new Set([...files.keys()].map(roomOf));
  assert.deepEqual(
    ROOMS.filter((_, index) => !used.has(index)),
    [],
  );
});

test("a file imports only from its own room or from rooms below it", () => {
  assert.deepEqual(upwardImports(files), []);
});

test("an import upwards is found, whether static, of a type, or dynamic", () => {
  for (const text of [
    'import { run } from "../cli/program.ts";',
    'import type { Gate } from "../gates/gate.ts";',
    'const { act } = await import("../finalize/apply.ts");',
    'export { age } from "../view/text.ts";',
  ]) {
    const [, target = ""] = /"\.\.\/(.*)"/.exec(text) ?? [];
    assert.deepEqual(upwardImports(new Map([["fleet/planted.ts", text]])), [
      `fleet/planted.ts → ${target}: ${target} stands above fleet/planted.ts`,
    ]);
  }
  assert.deepEqual(upwardImports(new Map([["cli/a.ts", 'import { b } from "../core/b.ts";']])), []);
});

test(`no folder of src/ has more than ${MOST_FILES} files`, () => {
  const counts = new Map<string, number>();
  for (const file of files.keys()) counts.set(dirname(file), (counts.get(dirname(file)) ?? 0) + 1);
  assert.deepEqual(
    [...counts].filter(([, count]) => count > MOST_FILES),
    [],
  );
});

test("ARCHITECTURE.md shows the rooms that the code has", () => {
  const architecture = readFileSync(join(root, "ARCHITECTURE.md"), "utf8");
  assert.ok(architecture.includes(roomTable()), `expected in ARCHITECTURE.md:\n${roomTable()}`);
});
