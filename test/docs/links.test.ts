import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { test } from "node:test";
import { documents, repository } from "./documents.ts";

/** As the forges make anchors of headings. */
function anchorsOf(text: string): string[] {
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
      .trim()
      .replaceAll(/\s/g, "-"),
  );
}

test("every link inside the repository leads somewhere, to a heading that is there", () => {
  const broken = documents().flatMap(({ path, text }) => {
    const withoutCode = text.replaceAll(/```.*?```/gs, "");
    const links = [...withoutCode.matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]*))?\)/g)];
    return links.flatMap(([link, target = "", anchor]) => {
      const file =
        target === "" ? path : relative(repository, join(repository, dirname(path), target));
      if (!existsSync(join(repository, file))) return [`${path}: ${link}`];
      if (anchor === undefined) return [];
      const there = anchorsOf(readFileSync(join(repository, file), "utf8"));
      return there.includes(anchor) ? [] : [`${path}: ${link}`];
    });
  });
  assert.deepEqual(broken, []);
});

test("docs/README.md leads to every page in docs", () => {
  const all = documents();
  const index = all.find(({ path }) => path === "docs/README.md")?.text ?? "";
  const pages = all.flatMap(({ path }) => /^docs\/((?!README).*\.md)$/.exec(path)?.[1] ?? []);
  assert.deepEqual(
    pages.filter((name) => !index.includes(`](${name})`)),
    [],
  );
});

test("every page in docs says in its first line whom it is for", () => {
  const pages = documents().filter(({ path }) => path.startsWith("docs/"));
  const without = pages.filter(({ text }) => {
    const shown = text.replaceAll(/<!--.*?-->/gs, "").trim();
    return !/^# [^\n]+\n+For /.test(shown);
  });
  assert.deepEqual(
    without.map(({ path }) => path),
    [],
  );
});
