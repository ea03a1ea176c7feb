import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { claimsOf } from "./claims.ts";
import { repository } from "./documents.ts";

const page = readFileSync(join(repository, "docs/comparison.md"), "utf8");
const sources = new Map(
  [...page.matchAll(/^\[([\w-]+)\]: (\S+)$/gm)].map(([, name = "", url = ""]) => [name, url]),
);

interface Row {
  readonly name: string;
  readonly ours: string;
  readonly theirs: readonly string[];
}

interface Table {
  readonly tools: readonly string[];
  readonly rows: readonly Row[];
}

/** The tables that compare: their first column has no name. */
const tables: readonly Table[] = [
  ...page.matchAll(/^\| {2}\| deploy-finalize \|.*(?:\n\|.*)+/gm),
].map(([text]) => {
  const [head = [], , ...rows] = text.split("\n").map((line) => line.split("|").slice(1, -1));
  return {
    tools: head.slice(2).map((tool) => tool.trim()),
    rows: rows.map(([name = "", ours = "", ...theirs]) => ({
      name: name.trim(),
      ours: ours.trim(),
      theirs: theirs.map((cell) => cell.trim()),
    })),
  };
});
const rows = tables.flatMap((table) => table.rows);

test("every cell about another tool names its source, or says that there is none", () => {
  assert.equal(tables.length, 2);
  const cells = tables.flatMap(({ tools, rows: own }) =>
    own.flatMap(({ name, theirs }) => {
      assert.equal(theirs.length, tools.length, name);
      return theirs;
    }),
  );
  assert.ok(cells.length > 100, `${cells.length}`);
  const bare = cells.filter((cell) => cell !== "not found" && !/\[[^\]]+\]\[[\w-]+\]/.test(cell));
  assert.deepEqual(bare, []);
});

test("every source is used, and is of one version or one thread", () => {
  const used = new Set([...page.matchAll(/\]\[([\w-]+)\]/g)].map(([, name = ""]) => name));
  assert.deepEqual([...used].toSorted(), [...sources.keys()].toSorted());
  const moving = [...sources.values()].filter(
    (url) => !/\/blob\/[0-9a-f]{40}\/|\/(issues|pull)\/\d+$/.test(url),
  );
  assert.deepEqual(moving, []);
});

test("every tool of the tables has a version", () => {
  for (const tool of tables.flatMap(({ tools }) => tools)) {
    assert.match(page, new RegExp(`^\\| ${tool.replaceAll(".", "\\.")} \\| .*[0-9a-f]{7,}`, "m"));
  }
});

test("every row about this program has a claim, which has a test unless the answer is no", () => {
  const claims = claimsOf(readFileSync(join(repository, "docs/claims.md"), "utf8")).get(
    "docs/comparison.md",
  );
  for (const { name, ours } of rows) {
    const claim = claims?.find(({ statement }) => statement === name);
    assert.ok(claim !== undefined, `docs/claims.md has no line for ${name}`);
    const isTested = claim.shownBy.kind === "test";
    assert.equal(isTested, ours !== "no" && name !== "for", name);
  }
});
