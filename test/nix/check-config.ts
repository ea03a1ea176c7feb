import assert from "node:assert/strict";
import { EXIT } from "../../src/core/outcome.ts";
import { FakeHost } from "../support/fake-host.ts";

/** How the module has the problems named (nix/module/program.nix). */
export const OPTION_PREFIX = "services.deployFinalize";

/**
 * What `check-config` says of a configuration file of the module, each problem on its own. It
 * stands for the build of that file, which test/nix/checked-build.test.ts shows.
 */
export async function problemsIn(file: unknown): Promise<string[]> {
  using host = new FakeHost();
  const path = host.folder.write("deploy-finalize.json", JSON.stringify(file));
  const called = await host.call("check-config", "--option-prefix", OPTION_PREFIX, path);
  const start = `deploy-finalize: ${path}: `;
  const lines = called.stderr.split("\n").filter((line) => line !== "");
  for (const line of lines) assert.ok(line.startsWith(start), line);
  assert.equal(called.exitCode, lines.length === 0 ? EXIT.done : EXIT.usage);
  assert.equal(called.stdout, lines.length === 0 ? `${path} is valid\n` : "");
  return lines.map((line) => line.slice(start.length));
}
