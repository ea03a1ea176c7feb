import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { enter } from "../../src/core/record/record.ts";
import { RecordStore } from "../../src/state-dir/store.ts";
import { repository } from "../test-host/paths.ts";
import { Folder } from "../support/folder.ts";
import { aRecord } from "../support/records.ts";
import { saveNewest } from "../support/store.ts";

const BUNDLE = join(repository, "dist/deploy-finalize.cjs");
const ENTRY = JSON.stringify({ __REALTIME_TIMESTAMP: "1795383000123456", MESSAGE: "hello" });

/** A stand-in for journalctl --follow: entries come in, and it ends as the real one does. */
const JOURNALCTL = `#!/bin/sh
trap '' PIPE
while echo '${ENTRY}' 2>/dev/null; do sleep 0.05; done
exit 1
`;

const CASES = [
  { command: "log --follow --json", exitCode: 0 },
  { command: "log --follow", exitCode: 0 },
  { command: "status --follow", exitCode: 0 },
  { command: "status --follow --json", exitCode: 0 },
  // Its exit code is the outcome, and there is none.
  { command: "wait", exitCode: 75 },
] as const;

for (const { command, exitCode } of CASES) {
  void test(`${command} | head -n 1: ends when head has gone, with ${exitCode}`, () => {
    using folder = new Folder();
    const record = aRecord();
    saveNewest(new RecordStore(folder.at("state")), record);
    const next = enter(record, "waiting", new Date(record.scheduledAt), "until all gates are open");
    chmodSync(folder.write("bin/journalctl", JOURNALCTL), 0o755);
    const program = `"$NODE" "$BUNDLE" ${command} --state-dir "$STATE"`;
    const env = {
      PATH: `${folder.at("bin")}:${process.env["PATH"] ?? ""}`,
      NODE: process.execPath,
      STATE: folder.at("state"),
      RECORD: folder.at(`state/${record.id}.json`),
      NEXT: folder.write("next.json", JSON.stringify(next)),
      BUNDLE,
    };
    const script = `${program} | { head -n 1; exec <&-; mv "$NEXT" "$RECORD"; }; echo "ended with \${PIPESTATUS[0]}"`;
    const { error, stdout, stderr } = spawnSync("bash", ["--norc", "-c", script], {
      encoding: "utf8",
      env,
      timeout: 120_000,
    });
    assert.equal(error, undefined);
    assert.match(stdout, new RegExp(`^.+\nended with ${exitCode}\n$`), stderr);
    assert.doesNotMatch(stderr, /cannot/);
  });
}

const FULL = [
  { command: "status --json", exitCode: 1, said: /cannot write to standard output: ENOSPC/ },
  { command: "history", exitCode: 1, said: /cannot write to standard output: ENOSPC/ },
  { command: "help", exitCode: 1, said: /cannot write to standard output: ENOSPC/ },
  { command: "status --help", exitCode: 1, said: /cannot write to standard output: ENOSPC/ },
  // Its exit code is the outcome.
  { command: "wait --timeout 1s", exitCode: 75, said: /timed out/ },
] as const;

for (const { command, exitCode, said } of FULL) {
  void test(`${command} > /dev/full: ends with ${exitCode}, and says so`, () => {
    using folder = new Folder();
    saveNewest(new RecordStore(folder.at("state")), aRecord());
    const script = `"$NODE" "$BUNDLE" ${command} --state-dir "$STATE" >/dev/full`;
    const { status, stderr } = spawnSync("bash", ["--norc", "-c", script], {
      encoding: "utf8",
      env: { NODE: process.execPath, STATE: folder.at("state"), BUNDLE },
      timeout: 120_000,
    });
    assert.equal(status, exitCode);
    assert.match(stderr, said);
  });
}
