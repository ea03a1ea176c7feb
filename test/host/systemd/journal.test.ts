import assert from "node:assert/strict";
import { chmodSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { eventEntry } from "../../../src/core/record/journal-entry.ts";
import { Journal, type Narration, narrationOf } from "../../../src/host/systemd/journal.ts";
import { spawnWith } from "../../support/spawning.ts";
import { Folder } from "../../support/folder.ts";

const entry = eventEntry("held-up", "20261122-213000-aaaa", "first");
const next = eventEntry("held-up", "20261122-213000-aaaa", "second");

/** A journal whose logger(1) is a stand-in, a shell script; none where it is null. */
class Trial implements Disposable {
  readonly folder = new Folder();
  readonly said: string[] = [];
  readonly journal: Journal;

  constructor(logger: string | null, narration: Narration, deadlineMs = 60_000) {
    if (logger !== null) chmodSync(this.folder.write("logger", `#!/bin/sh\n${logger}\n`), 0o755);
    const spawn = spawnWith({ PATH: this.folder.path, OUT: this.folder.at("out") });
    const say = (line: string): void => void this.said.push(line);
    this.journal = new Journal(spawn, say, () => narration, deadlineMs);
  }

  get written(): string {
    return readFileSync(this.folder.at("out"), "utf8");
  }

  [Symbol.dispose](): void {
    this.folder[Symbol.dispose]();
  }
}

const KEEPS = 'echo "$@" >>"$OUT"; while read -r line; do echo "$line" >>"$OUT"; done';

test("an entry goes to logger --journald, and to stderr only where that is not the journal", async () => {
  using inUnit = new Trial(KEEPS, "journal");
  await inUnit.journal.announce(entry);
  assert.match(inUnit.written, /^--journald\nMESSAGE=first\nMESSAGE_ID=\w{32}\nPRIORITY=4\n/);
  assert.deepEqual(inUnit.said, []);
  using byHand = new Trial(KEEPS, "elsewhere");
  await byHand.journal.announce(entry);
  assert.equal(byHand.written, inUnit.written);
  assert.deepEqual(byHand.said, ["first"]);
});

const TROUBLES = [
  { name: "missing", logger: null, why: /logger could not be started: logger is not in PATH/ },
  { name: "failing", logger: "echo no journal >&2; exit 1", why: /exit code 1: no journal/ },
  { name: "killed", logger: "kill -9 $$", why: /was killed by SIGKILL/ },
] as const;

for (const { name, logger, why } of TROUBLES) {
  test(`logger ${name}: said once, and all that it was to write is narrated`, async () => {
    for (const narration of ["journal", "elsewhere"] as const) {
      using trial = new Trial(logger, narration);
      await trial.journal.announce(entry);
      await trial.journal.announce(next);
      const trouble = trial.said.filter((line) => line.startsWith("cannot write to the journal: "));
      assert.equal(trouble.length, 1);
      assert.match(trouble[0] ?? "", why);
      assert.deepEqual(
        trial.said.filter((line) => !trouble.includes(line)),
        ["first", "second"],
      );
    }
  });
}

test("a logger that hangs is given up after its deadline", async () => {
  using trial = new Trial("exec /bin/sleep 3600", "journal", 50);
  await trial.journal.announce(entry);
  assert.equal(trial.said.at(-1), "first");
  assert.match(trial.said[0] ?? "", /^cannot write to the journal: logger/);
});

test("an entry that is left is written, and a missing logger is said", async () => {
  using good = new Trial(KEEPS, "elsewhere");
  await good.journal.leave(entry);
  const unit = "OBJECT_SYSTEMD_UNIT=deploy-finalize-20261122-213000-aaaa.service";
  assert.ok(good.written.endsWith(`\n${unit}\n`), good.written);
  assert.deepEqual(good.said, []);
  using bad = new Trial(null, "elsewhere");
  await bad.journal.leave(entry);
  assert.match(bad.said.join("\n"), /^cannot write to the journal: .*not in PATH$/);
});

test("a logger that hangs keeps an entry that is left no longer than its deadline", async () => {
  using hanging = new Trial("exec /bin/sleep 3600", "elsewhere", 50);
  await hanging.journal.leave(entry);
  assert.match(
    hanging.said.join("\n"),
    /^cannot write to the journal: logger was killed by SIGKILL after /,
  );
});

test("stderr is the journal where systemd says so of this very file", () => {
  assert.equal(narrationOf("7:42", { dev: 7, ino: 42 }), "journal");
  assert.equal(narrationOf("7:42", { dev: 7, ino: 43 }), "elsewhere");
  assert.equal(narrationOf(undefined, { dev: 7, ino: 42 }), "elsewhere");
});
