import assert from "node:assert/strict";
import { test } from "node:test";
import * as v from "valibot";
import { DEFAULT_CONFIG } from "../../src/core/config/defaults.ts";
import { EXIT } from "../../src/core/outcome.ts";
import { parseRecordedConfig } from "../../src/core/config/parse-config.ts";
import { checkConfigSchema } from "../../src/json/commands.ts";
import { FakeHost, type Said } from "../support/fake-host.ts";

interface Checked extends Said {
  readonly path: string;
}

/** As in a build: nobody's home, no root and no programs. */
async function check(text: string, ...options: string[]): Promise<Checked> {
  using host = new FakeHost();
  host.userId = 65_534;
  const path = host.folder.write("c.json", text);
  return { ...(await host.call("check-config", ...options, path)), path };
}

test("check-config takes a valid file, starts no program and writes nothing", async () => {
  using host = new FakeHost();
  host.userId = 65_534;
  const path = host.folder.write("c.json", JSON.stringify(DEFAULT_CONFIG));
  const stateDir = host.folder.at("no/such/folder");
  const said = await host.call("check-config", path, "--state-dir", stateDir);
  assert.deepEqual(said, { exitCode: EXIT.done, stdout: `${path} is valid\n`, stderr: "" });
  assert.deepEqual(host.ran, []);
});

const BROKEN = JSON.stringify({
  delay: -1,
  dealy: 1,
  rebootWhenChanged: ["kernel", "kernel"],
  verify: { confirm: { within: 60 }, settle: "five" },
  rollback: { enable: false },
});

test("check-config lists every problem at once, also contradictions beside wrong types", async () => {
  const { exitCode, stdout, stderr, path } = await check(BROKEN);
  assert.deepEqual([exitCode, stdout], [EXIT.usage, ""]);
  assert.deepEqual(
    stderr.trimEnd().split("\n").toSorted(),
    [
      "delay: must be 0 or more seconds",
      "rebootWhenChanged: names kernel more than once. Remove the others",
      "unknown key dealy. Did you mean delay?",
      "verify.confirm: rolls back if nobody confirms, but rollback.enable is false. Set rollback.enable to true, or verify.confirm to null",
      "verify.settle: must be a span: a number of seconds, or a text such as 90s, 5min or 1h 30min",
    ].map((problem) => `deploy-finalize: ${path}: ${problem}`),
  );
});

test("check-config names each key as the option that sets it", async () => {
  const { stderr, path } = await check('{"dealy": 1}', "--option-prefix", "services.x");
  const said = `${path}: unknown key services.x.dealy. Did you mean services.x.delay?`;
  assert.equal(stderr, `deploy-finalize: ${said}\n`);
});

for (const [text, problems] of [
  ["{}", []],
  ['{"delay": -1}', [{ key: "delay", message: "delay: must be 0 or more seconds" }]],
  ["[]", [{ key: null, message: "expected an object of settings, not a list" }]],
] as const) {
  test(`check-config --json prints what its schema says, and no more: ${text}`, async () => {
    const { exitCode, stdout, stderr, path } = await check(text, "--json");
    const printed: unknown = JSON.parse(stdout);
    assert.deepEqual(v.parse(checkConfigSchema, printed), printed);
    const isValid = problems.length === 0;
    assert.deepEqual(printed, { schemaVersion: 1, file: path, isValid, problems });
    assert.deepEqual([exitCode, stderr], [isValid ? EXIT.done : EXIT.usage, ""]);
  });
}

for (const [options, expected] of [
  [[], /^deploy-finalize: .*\/c\.json: not JSON: /],
  [["--json"], /^$/],
] as const) {
  test(`check-config says that a file is not JSON: ${options.join(" ")}`, async () => {
    const { exitCode, stdout, stderr } = await check("{", ...options);
    assert.equal(exitCode, EXIT.usage);
    assert.match(stderr, expected);
    assert.match(stdout, options.length === 0 ? /^$/ : /"key":null,"message":"not JSON: /);
  });
}

test("check-config says that it cannot read a file, and that it needs one", async () => {
  using host = new FakeHost();
  const missing = await host.call("check-config", host.folder.at("none.json"));
  assert.equal(missing.exitCode, EXIT.usage);
  assert.match(missing.stderr, /cannot read the configuration: ENOENT/);
  assert.equal((await host.call("check-config")).exitCode, EXIT.usage);
});

test("schedule refuses a file that check-config refuses", async () => {
  using host = new FakeHost();
  const path = host.folder.write("c.json", '{"rebootWhenChanged": ["kernel", "kernel"]}');
  const said = await host.schedule("--config", path);
  assert.equal(said.exitCode, EXIT.usage);
  assert.match(said.stderr, /rebootWhenChanged: names kernel more than once/);
});

test("a finalization that is scheduled keeps a configuration that contradicts itself", () => {
  const text = '{"rebootWhenChanged": ["kernel", "kernel"]}';
  const { rebootWhenChanged } = parseRecordedConfig(text, "c.json");
  assert.deepEqual(rebootWhenChanged, ["kernel", "kernel"]);
});
