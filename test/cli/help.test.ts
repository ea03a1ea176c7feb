import assert from "node:assert/strict";
import { test } from "node:test";
import { theProgram } from "../../scripts/docs/outline.ts";
import { FakeHost } from "../support/fake-host.ts";

const CALLS = [
  ["status", "--help"],
  ["--config", "/c.json", "status", "--help"],
  ["help", "status"],
  ["--config", "/c.json", "help", "status"],
  ["--config=/c.json", "-q", "help", "status"],
  ["help", "--config", "/c.json", "status"],
] as const;

for (const call of CALLS) {
  test(`deploy-finalize ${call.join(" ")}: shows the help of status`, async () => {
    using host = new FakeHost();
    const { exitCode, stdout, stderr } = await host.call(...call);
    assert.deepEqual([exitCode, stderr], [0, ""]);
    assert.match(stdout, /^Usage: deploy-finalize status /);
  });
}

test("help behind a wrapper's options and without a command shows the whole program's", async () => {
  using host = new FakeHost();
  const { exitCode, stdout } = await host.call("--config", "/c.json", "help");
  assert.equal(exitCode, 0);
  assert.match(stdout, /^Usage: deploy-finalize \[options\] \[command\]/);
  assert.deepEqual(await host.call("help", "help"), { exitCode, stdout, stderr: "" });
});

test("help for a command that there is not is refused", async () => {
  using host = new FakeHost();
  const { exitCode, stderr } = await host.call("--config", "/c.json", "help", "satus");
  assert.equal(exitCode, 2);
  assert.match(stderr, /unknown command "satus"\. Did you mean status\?/);
});

for (const name of theProgram().commands.map((command) => command.name())) {
  test(`${name} reads the same whether or not the other commands are built beside it`, async () => {
    using host = new FakeHost();
    assert.deepEqual(await host.call(name, "--help"), await host.call("help", name));
    for (const word of ["--jsno", "--config"]) {
      const alone = await host.call(name, word);
      assert.deepEqual([alone.exitCode, alone], [2, await host.call("--quiet", name, word)]);
    }
  });
}
