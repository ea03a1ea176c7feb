import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import fc from "../support/fast-check.ts";
import { parseRecord } from "../../src/core/record/parse-record.ts";
import { viewSystem } from "../../src/host/nixos/toplevel.ts";
import { FakeHost } from "../support/fake-host.ts";
import { Folder } from "../support/folder.ts";
import { aRecord } from "../support/records.ts";
import { makeToplevel } from "../support/systems.ts";

const anyText = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.json(),
  fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes).toString("latin1")),
);

/** A whole record with one field replaced by anything. */
const almostARecord = fc
  .tuple(fc.constantFrom(...Object.keys(aRecord())), fc.jsonValue())
  .map(([key, value]) => JSON.stringify({ ...aRecord(), [key]: value }));

test("fuzz: any text as a record is a record or broken with a reason, never a crash", () => {
  fc.assert(
    fc.property(fc.oneof(anyText, almostARecord), (text) => {
      const read = parseRecord(text);
      if (read.kind !== "record") assert.notEqual(read.why, "");
      else assert.equal(read.record.schemaVersion, 1);
    }),
    { numRuns: 500 },
  );
});

test("fuzz: a record that cannot be read is set aside and told, and nothing else is run", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(anyText, almostARecord).filter((text) => parseRecord(text).kind === "broken"),
      async (text) => {
        using host = new FakeHost();
        const file = host.folder.write(`state/${aRecord().id}.json`, text);
        const written = readFileSync(file);
        const said = await host.call("run", aRecord().id, "--state-dir", host.folder.at("state"));
        assert.equal(said.exitCode, 1);
        assert.match(said.stderr, /cannot be used .* renamed to .*\.broken/s);
        assert.deepEqual(host.ran, [["logger", "--journald"]]);
        assert.match(host.given.join(""), /^DEPLOY_FINALIZE_EVENT=record-broken$/m);
        assert.deepEqual(readdirSync(host.folder.at("state")), [`${aRecord().id}.json.broken`]);
        assert.deepEqual(readFileSync(`${file}.broken`), written);
      },
    ),
    { numRuns: 100 },
  );
});

test("fuzz: any switch-inhibitors file is understood or called unreadable", async () => {
  await fc.assert(
    fc.asyncProperty(anyText, async (text) => {
      using folder = new Folder();
      const toplevel = makeToplevel(folder, "nixos");
      folder.write("store/nixos/switch-inhibitors", text);
      const { inhibitors } = await viewSystem(toplevel, []);
      assert.ok(["present", "unreadable"].includes(inhibitors.kind));
    }),
    { numRuns: 200 },
  );
});

test("fuzz: any arguments end with an exit code and a word, and without one program run", async () => {
  const word = fc.oneof(
    fc.string(),
    fc.constantFrom("--delay", "--profile", "run", "resume", "cancel", "--config", "-q", "--json"),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(word, { maxLength: 4 }), async (args) => {
      using host = new FakeHost();
      const said = await host.call(...args, "--state-dir", host.folder.at("state"));
      assert.ok([0, 1, 2].includes(said.exitCode));
      assert.deepEqual(host.ran, []);
      if (said.exitCode !== 0) assert.notEqual(said.stderr, "");
    }),
    { numRuns: 200, examples: [[["--config", " ", "-q", "resume"]]] },
  );
});
