import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { repository } from "../test-host/paths.ts";
import { OPTIONS, optionsSchema } from "../nix/option-types.ts";
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
  const poor = options.filter(({ description }) => !/^[A-Z`][^]*\.\s*$/.test(description ?? ""));
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
