import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { repository } from "../test-host/paths.ts";

for (const [name, program] of [
  ["demo", "test/demo/demo.ts"],
  ["try", "test/newcomer/try.ts"],
] as const) {
  test(`${name} says why where no host can boot, and what it needs`, () => {
    // Be it for want of root, of Debian, or of the programs that are not found like this.
    const { status, stderr } = spawnSync(process.execPath, [join(repository, program)], {
      env: { PATH: "" },
      encoding: "utf8",
    });
    assert.equal(status, 1);
    assert.match(stderr, new RegExp(`^${name}: no test host can boot on this machine: \\w`));
    assert.match(stderr, /it needs root on Debian, where `make setup` installs mmdebstrap/);
  });
}
