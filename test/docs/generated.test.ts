import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { generatedFiles } from "../../scripts/docs/pages.ts";

const repository = join(import.meta.dirname, "../..");
const read = (path: string): string => readFileSync(join(repository, path), "utf8");
const files = generatedFiles(read);

for (const [path, text] of files) {
  test(`${path} is as the program is; else run: make docs`, () => {
    assert.equal(read(path), text);
  });
}

test("docs/schema and contrib/completions have no file that nothing makes", () => {
  const there = ["docs/schema", "contrib/completions"].flatMap((folder) =>
    readdirSync(join(repository, folder)).map((name) => `${folder}/${name}`),
  );
  assert.deepEqual(
    there.filter((path) => !files.has(path)),
    [],
  );
});
