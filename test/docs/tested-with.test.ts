import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { CLAIMS, HOST_PARTS } from "../../scripts/docs/tested-with.ts";
import { release } from "../test-host/available.ts";
import { hostTest } from "../test-host/host-test.ts";
import { repository } from "../test-host/paths.ts";

test("tested-with: every claim of the README has a line, and every line is a claim", () => {
  const readme = readFileSync(join(repository, "README.md"), "utf8");
  const why = /## Why\n([^]*?)\n## /.exec(readme)?.[1] ?? "";
  const inReadme = [...why.matchAll(/\*\*[^*]+\*\*/g)].map(([bold]) => bold.replaceAll("\n", " "));
  assert.ok(inReadme.length > 5, inReadme.join());
  assert.deepEqual(inReadme.toSorted(), CLAIMS.map(({ claim }) => claim).toSorted());
});

test("tested-with: the tests that a line names are there", () => {
  const tests = CLAIMS.flatMap((claim) => claim.tests);
  assert.deepEqual(
    tests.filter((path) => !existsSync(join(repository, path))),
    [],
  );
});

hostTest("tested-with: the host has the systemd and the Nix that the page names", async (host) => {
  const { systemd, nix } = HOST_PARTS[release()];
  assert.match(await host.ok(["systemctl", "--version"]), new RegExp(`^systemd ${systemd}\\b`));
  assert.match(await host.ok(["nix", "--version"]), new RegExp(` ${nix.replace(".", "\\.")}\\.`));
});
