import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { repository } from "../test-host/paths.ts";
import { isOwn, OPTIONS, optionsSchema } from "../nix/option-types.ts";
import { nixTest } from "../nix/pkgs/nix-test.ts";
import { optionsReference } from "../nix/reference.ts";

nixTest("docs/options.md is what the module declares", async (nix) => {
  const options = v.parse(optionsSchema, await nix.evaluate(OPTIONS));
  const written = readFileSync(join(repository, "docs/options.md"), "utf8");
  assert.equal(
    written,
    optionsReference(options),
    "docs/options.md is stale: run `sh scripts/options-reference`",
  );
});

nixTest("every option of the module is described, in sentences", async (nix) => {
  const options = v.parse(optionsSchema, await nix.evaluate(OPTIONS));
  const shown = options.filter(({ isInternal }) => !isInternal);
  const poor = shown.filter(({ description }) => !/^[A-Z`][^]*\.\s*$/.test(description ?? ""));
  assert.deepEqual(
    poor.map(({ name }) => name),
    [],
  );
});

nixTest("every option is declared in a file of the repository", async (nix) => {
  const options = v.parse(optionsSchema, await nix.evaluate(OPTIONS));
  const files = options.flatMap(({ declarations }) => declarations);
  const ours = files.filter((file) => file.startsWith(join(repository, "nix/module")));
  assert.ok(ours.length > 0);
  assert.deepEqual(
    ours.filter((file) => !existsSync(file)),
    [],
  );
});

function page(path: string): string {
  return readFileSync(join(repository, path), "utf8");
}

/** Where a key of a group is explained. */
const PAGES: Readonly<Record<string, string>> = { report: "docs/reports.md" };

nixTest(
  "every setting that the module has is explained on the page that options.md names",
  async (nix) => {
    const options = v.parse(optionsSchema, await nix.evaluate(OPTIONS));
    const settings = options.filter((option) => !option.isInternal && !isOwn(option));
    const all = page("docs/settings.md");
    const unexplained = settings.filter(({ path }) => {
      const text = `${all}\n${page(PAGES[path[0] ?? ""] ?? "docs/settings.md")}`;
      const names = [path.join("."), path.slice(1).join("."), path.at(-1) ?? ""];
      return !names.some((name) => name !== "" && new RegExp(`[\`"]${name}[\`"]`).test(text));
    });
    assert.deepEqual(
      unexplained.map(({ name }) => name),
      [],
    );
  },
);
