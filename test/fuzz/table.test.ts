import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { NO_PARSERS, PARSERS } from "./table.ts";

const SOURCES = new URL("../../src/", import.meta.url);

/** What takes a text apart. */
const PARSES =
  /JSON\.parse|\bjson(?:As|In)\(|\bv\.(?:safeP|p)arse\(|[\w)]\.split\(|\.matchAll\(|\.exec\(|\.match\(|\bparse(?:Int|Float)\(/;

function textOf(file: string): string {
  return readFileSync(new URL(file, SOURCES), "utf8");
}

/** Without comments, which may tell of exec(3). */
function codeOf(file: string): string {
  return textOf(file).replaceAll(/^\s*(?:\/\/|\/?\*).*$/gm, "");
}

const files = readdirSync(SOURCES, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts"))
  .toSorted();
const parsing = files.filter((file) => PARSES.test(codeOf(file)));

test("every file that takes a text apart is fuzzed, or says why not", () => {
  const known = new Set([...PARSERS.map(({ file }) => file), ...NO_PARSERS.keys()]);
  assert.deepEqual(
    parsing.filter((file) => !known.has(file)),
    [],
    "add a row to test/fuzz/targets, or a reason to NO_PARSERS in test/fuzz/table.ts",
  );
});

test("every parser of the table is there, and every reason is still needed", () => {
  for (const { file, name, samples } of PARSERS) {
    assert.match(
      textOf(file),
      new RegExp(`^export (async )?(function|class|const) ${name}\\b`, "m"),
    );
    assert.ok(samples.length > 0, name);
  }
  const fuzzed = new Set(PARSERS.map(({ file }) => file));
  const needless = [...NO_PARSERS.keys()].filter(
    (file) => !parsing.includes(file) || fuzzed.has(file),
  );
  assert.deepEqual(needless, []);
});
