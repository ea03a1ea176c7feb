import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { type Claim, claimsOf, missingSections, sectionsOf } from "./claims.ts";
import { documents, repository } from "./documents.ts";

/** Pages that are made from the program, or that only lead to others. */
const OTHERS = ["claims", "commands", "json", "options", "README", "runbook", "tested-with"];
const other = new Set(OTHERS.map((name) => `docs/${name}.md`));

const pages = documents().filter(
  ({ path }) => path === "README.md" || (path.startsWith("docs/") && !other.has(path)),
);
const claims = claimsOf(readFileSync(join(repository, "docs/claims.md"), "utf8"));

test("docs/claims.md has statements of each page, in the words of the page", () => {
  assert.deepEqual([...claims.keys()].toSorted(), pages.map(({ path }) => path).toSorted());
  const gone = pages.flatMap(({ path, text }) => {
    const all = sectionsOf(text).map((section) => `${section.heading} ${section.prose}`);
    const isThere = ({ statement }: Claim): boolean => all.some((one) => one.includes(statement));
    return (claims.get(path) ?? [])
      .filter((claim) => !isThere(claim))
      .map(({ statement }) => `${path}: ${statement}`);
  });
  assert.deepEqual(gone, []);
});

test("every section of a page has a statement with its test, or says why it has none", () => {
  const without = pages.flatMap(({ path, text }) =>
    missingSections(sectionsOf(text), claims.get(path) ?? []).map(
      (heading) => `${path}: ${heading}`,
    ),
  );
  assert.deepEqual(without, []);
});

test("every test that docs/claims.md names is there", () => {
  const named = [...claims].flatMap(([path, all]) => all.map((claim) => ({ path, ...claim })));
  assert.ok(named.length > 300, `${named.length} statements`);
  const texts = new Map<string, string>();
  const gone = named.flatMap(({ path, statement, shownBy }) => {
    if (shownBy.kind === "nothing") return [];
    const file = join(repository, shownBy.file);
    if (!existsSync(file)) return [`${path}: ${statement}: ${shownBy.file}`];
    const text = texts.get(file) ?? readFileSync(file, "utf8");
    texts.set(file, text);
    const isThere = ['"', "`"].some((quote) => text.includes(`${quote}${shownBy.name}`));
    return isThere || shownBy.name === "" ? [] : [`${path}: ${statement}: ${shownBy.name}`];
  });
  assert.deepEqual(gone, []);
});

test("a statement that is gone, a section without one, and an odd line are found", () => {
  const page =
    "# One\nIt is so.\n\n## Two\n```sh\ncode\n```\n\n## Three\n\n| a | b |\n|---|---|\n| c | d |\n";
  const sections = sectionsOf(page);
  assert.deepEqual(
    sections.map(({ heading, prose }) => [heading, prose]),
    [
      ["One", "It is so."],
      ["Two", ""],
      ["Three", "| a | b | |---|---| | c | d |"],
    ],
  );
  const shownBy = { kind: "nothing", why: "x" } as const;
  assert.deepEqual(missingSections(sections, [{ statement: "is so", shownBy }]), ["Three"]);
  assert.throws(() => claimsOf("## README.md\n\n| statement | shown by |\n|---|---|\n| a | b |\n"));
});
