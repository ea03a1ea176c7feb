import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { test } from "node:test";
import { ended } from "../report/reports.ts";
import { OperatedHost } from "./operating.ts";

/** What stands where resume looks for reports and for the notice. */
const TROUBLE = {
  "the outbox": { file: "state/outbox", said: /cannot take up reports: .*outbox/ },
  "the link to the newest record": { file: "state/current", said: /cannot restore the notice/ },
} as const;

for (const [what, { file, said }] of Object.entries(TROUBLE)) {
  void test(`resume takes up what has not ended where ${what} cannot be read`, async () => {
    using host = new OperatedHost();
    const { id } = host.save();
    host.save(ended("live", { id: "20261122-213100-bbbb" }));
    host.folder.write(`nix/var/nix/gcroots/deploy-finalize/${id}-target`, "");
    rmSync(host.folder.at(file), { force: true });
    host.folder.write(file, "no folder, no link");
    const { exitCode, stderr } = await host.operate("resume");
    assert.match(stderr, said);
    assert.equal(exitCode, 1);
    const launched = host.ran.filter((argv) => argv[0] === "systemd-run" && argv.includes(id));
    assert.equal(launched.length, 1);
  });
}

test("resume says why it fails also where it is to be quiet", async () => {
  using host = new OperatedHost();
  rmSync(host.folder.at("config.json"), { force: true });
  const { exitCode, stderr } = await host.operate("resume", "--quiet");
  assert.match(stderr, /cannot read the configuration: .*config\.json/);
  assert.equal(exitCode, 2);
});
