import assert from "node:assert/strict";
import fc from "../support/fast-check.ts";
import { test } from "node:test";
import { readPlainSchedule } from "../../src/cli/command-line.ts";
import { FakeHost } from "../support/fake-host.ts";
import { makeToplevel } from "../support/systems.ts";

const WORDS =
  "schedule run --dry-run --json -q -v --quiet --verbose -qv -- --delay 90s 0 -1 x --delay=5 " +
  "--state-dir /nowhere --help ";
const word = fc.constantFrom(...WORDS.split(" "));

test("a unescaped written schedule is read as the option parser reads it", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(word, { maxLength: 5 }), async (args) => {
      if (readPlainSchedule(args) === null) return;
      using host = new FakeHost();
      host.setProfile(makeToplevel(host.folder, "new"));
      const profile = ["--dry-run", "--profile", host.folder.at("profiles/system")];
      const plain = [...args, ...profile];
      // An option written as --name=value goes to the option parser.
      const parsed = [...args, "--dry-run", `--profile=${host.folder.at("profiles/system")}`];
      assert.notEqual(readPlainSchedule(plain), null);
      assert.equal(readPlainSchedule(parsed), null);
      assert.deepEqual(await host.call(...plain), await host.call(...parsed));
    }),
  );
});
