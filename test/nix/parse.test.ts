import assert from "node:assert/strict";
import { globSync } from "node:fs";
import { join } from "node:path";
import { repository } from "../test-host/paths.ts";
import { nixTest } from "./pkgs/nix-test.ts";

nixTest("every Nix file parses", async (nix) => {
  const files = globSync("**/*.nix", {
    cwd: repository,
    exclude: ["node_modules/**", ".git/**", "dist/**"],
  });
  for (const some of ["flake.nix", "nix/module.nix", "nix/module/types.nix"]) {
    assert.ok(files.includes(some), some);
  }
  // Fails with the file and the line.
  await nix.parse(files.map((file) => join(repository, file)));
});
