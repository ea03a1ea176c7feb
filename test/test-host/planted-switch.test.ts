import assert from "node:assert/strict";
import { chmodSync } from "node:fs";
import { join } from "node:path";
import { Folder } from "../support/folder.ts";
import { realTest } from "./host-test.ts";
import { repository } from "./paths.ts";
import { run } from "./spawn.ts";

// A program at STC that differs from NixOS' own in one rule makes the tests of the host fail.

type Planted = { breaks: string; by: string; test: string };

const standIn = '/opt/test-host/switch-to-configuration "$@"';

const planted: readonly Planted[] = [
  {
    breaks: "a failed unit is exit 4",
    by: `${standIn}; code=$?; [ $code != 4 ] || exit 0; exit $code`,
    test: "exit 2, 4 and 100",
  },
  {
    breaks: "the boot loader is installed",
    by: `[ "$1" != boot ] || exit 0; exec ${standIn}`,
    test: "reboots by systemctl into the boot default, with a new boot id",
  },
];

/** One test of host.test.ts, with a script at STC; the whole output. */
async function withSwitch(script: string, name: string): Promise<{ code: number; text: string }> {
  using folder = new Folder();
  const path = folder.write("switch-to-configuration", `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  const file = join(repository, "test/test-host/host.test.ts");
  const pattern = `--test-name-pattern=${name}`;
  // With that variable Node would not run the tests of a test.
  const argv = ["env", "--unset=NODE_TEST_CONTEXT", process.execPath, "--test", pattern, file];
  const { exitCode, stdout } = await run(argv, { env: { STC: path } });
  return { code: exitCode, text: stdout };
}

for (const { breaks, by, test } of planted) {
  realTest(`a switch-to-configuration that breaks a rule is found: ${breaks}`, async () => {
    const good = await withSwitch(`exec ${standIn}`, test);
    assert.equal(good.code, 0, good.text);
    assert.match(good.text, /pass 1\b/);
    const bad = await withSwitch(by, test);
    assert.notEqual(bad.code, 0, bad.text);
    assert.match(bad.text, /fail 1\b/);
  });
}

realTest(
  "tests that force an exit code are skipped with a program at STC, and counted",
  async () => {
    const { code, text } = await withSwitch(`exec ${standIn}`, "a forced exit code");
    assert.equal(code, 0, text);
    assert.match(text, /skipped 1\b/);
  },
);
