import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { type Claim, blocksOf, claimsOf, gone, unclaimed } from "./claims.ts";
import { documents, repository } from "./documents.ts";

/** Pages that are made from the program, or that only lead to others. */
const OTHERS = ["claims", "commands", "json", "options", "README", "runbook", "tested-with"];
const other = new Set(OTHERS.map((name) => `docs/${name}.md`));

const pages = documents().filter(
  ({ path }) => path === "README.md" || (path.startsWith("docs/") && !other.has(path)),
);
const claims = claimsOf(readFileSync(join(repository, "docs/claims.md"), "utf8"));

test("docs/claims.md has statements of each page, in the words of the page", () => {
  const paths = pages.map(({ path }) => path);
  assert.deepEqual([...claims.keys()].toSorted(), paths.toSorted());
  const lost = pages.flatMap(({ path, text }) =>
    gone(blocksOf(text), claims.get(path) ?? []).map(({ statement }) => `${path}: ${statement}`),
  );
  assert.deepEqual(lost, []);
});

test("every statement of a page has its test in docs/claims.md, or says why it has none", () => {
  const without = pages.flatMap(({ path, text }) =>
    unclaimed(blocksOf(text), claims.get(path) ?? []).map((block) => `${path}: ${block.text}`),
  );
  assert.deepEqual(without, []);
});

test("every test that docs/claims.md names is there", () => {
  const named = [...claims.values()].flat();
  assert.ok(named.length > 500, `${named.length} statements`);
  const texts = new Map<string, string>();
  const missing = named.flatMap(({ statement, shownBy }) => {
    if (shownBy.kind === "nothing") return [];
    const file = join(repository, shownBy.file);
    if (!existsSync(file)) return [`${statement}: ${shownBy.file}`];
    const text = texts.get(file) ?? readFileSync(file, "utf8");
    texts.set(file, text);
    const isThere = ['"', "`"].some((quote) => text.includes(`${quote}${shownBy.name}`));
    return isThere || shownBy.name === "" ? [] : [`${statement}: ${shownBy.name}`];
  });
  assert.deepEqual(missing, []);
});

function claim(statement: string): Claim {
  return { statement, shownBy: { kind: "nothing", why: "x" } };
}

const PAGE = `# One
For everybody.

It is so. And
so.

## Two
\`\`\`sh
code
\`\`\`

- first
  item
- second item

| a | b |
|---|---|
| c | d |
More: [here](there.md).
`;

test("a statement that is gone, a block without one, and an odd line are found", () => {
  const blocks = blocksOf(PAGE);
  assert.deepEqual(
    blocks.map(({ heading, text }) => [heading, text]),
    [
      ["One", "For everybody."],
      ["One", "It is so. And so."],
      ["Two", "- first item"],
      ["Two", "- second item"],
      ["Two", "| a | b | |---|---| | c | d |"],
      ["Two", "More: [here](there.md)."],
    ],
  );
  const some = [claim("is so. And"), claim("second"), claim("not there")];
  assert.deepEqual(
    unclaimed(blocks, some).map(({ text }) => text),
    ["- first item", "| a | b | |---|---| | c | d |"],
  );
  assert.deepEqual(gone(blocks, some), [claim("not there")]);
  assert.deepEqual(unclaimed(blocks, [...some, claim("Two")]), []);
  assert.throws(() => claimsOf("## README.md\n\n| statement | shown by |\n|---|---|\n| a | b |\n"));
});
