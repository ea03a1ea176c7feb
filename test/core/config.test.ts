import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT_CONFIG, effectiveDelay, type JobEnd } from "../../src/core/config.ts";
import { parseConfig } from "../../src/core/parse-config.ts";
import { EXIT } from "../../src/core/outcome.ts";
import { Refusal } from "../../src/core/refusal.ts";

test("config: an empty object is the default", () => {
  assert.deepEqual(parseConfig("{}", "c.json"), DEFAULT_CONFIG);
});

const refused: [string, RegExp][] = [
  ["{", /c\.json is not JSON/],
  ["[]", /expected an object of settings/],
  ['{"dealy": 5}', /unknown key dealy\. Did you mean delay\?/],
  ['{"colour": 5}', /unknown key colour\. Known keys: .*delay/],
  ['{"delay": -1}', /delay: must be 0 or more seconds/],
  ['{"delay": 1.5}', /delay: must be whole seconds/],
  ['{"delay": "60"}', /delay: .*Expected number/],
  ['{"profile": "system"}', /profile: must be an absolute path/],
  ['{"rebootWhenChanged": ["a/b"]}', /rebootWhenChanged\.0: must be a file name/],
  ['{"rebootWhenChanged": [".."]}', /rebootWhenChanged\.0: must be a file name/],
];
for (const [text, message] of refused) {
  test(`config: refuses ${text}`, () => {
    assert.throws(
      () => parseConfig(text, "c.json"),
      (error) =>
        error instanceof Refusal && error.exitCode === EXIT.usage && message.test(error.message),
    );
  });
}

test("delay: the flag wins over the configuration, and that over the automatic one", () => {
  const set = { ...DEFAULT_CONFIG, delay: 5 };
  for (const jobEnd of ["seen", "guessed"] as const) {
    assert.deepEqual(effectiveDelay(0, set, jobEnd), { seconds: 0, source: "flag" });
    assert.deepEqual(effectiveDelay(null, set, jobEnd), { seconds: 5, source: "configuration" });
  }
  const automatic = (jobEnd: JobEnd) => effectiveDelay(null, DEFAULT_CONFIG, jobEnd);
  assert.deepEqual(automatic("guessed"), { seconds: 60, source: "automatic" });
  assert.deepEqual(automatic("seen"), { seconds: 1, source: "automatic" });
});
