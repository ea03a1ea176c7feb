import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT_CONFIG } from "../../src/core/config/defaults.ts";
import { EXIT } from "../../src/core/outcome.ts";
import { Outbox } from "../../src/report/outbox.ts";
import { oweReports } from "../../src/report/report.ts";
import { ended, receiver } from "../report/reports.ts";
import { EdgeHost } from "../support/edge-host.ts";
import { FakeHost } from "../support/fake-host.ts";

test("deliver: stopped with a report that is owed, it asks to be started again", async () => {
  for (const [only, exitCode] of [
    [[], EXIT.unfinished],
    [["--only", "commands"], EXIT.unfinished],
    [["--only", "servers"], EXIT.done],
  ] as const) {
    using host = new FakeHost();
    using owing = new EdgeHost();
    const state = host.folder.at("state");
    host.folder.write("state/.keep", "");
    const receivers = [receiver({ kind: "command", command: ["tell"] })];
    oweReports(
      owing,
      new Outbox(owing, state),
      { ...DEFAULT_CONFIG.report, receivers },
      ended("live"),
    );
    host.stop.abort();
    const said = await host.call("--state-dir", state, "deliver", ...only);
    assert.equal(said.exitCode, exitCode, said.stderr);
    const complaint = /stopped before all reports were delivered/;
    assert.equal(complaint.test(said.stderr), exitCode === EXIT.unfinished);
  }
});
