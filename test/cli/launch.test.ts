import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import manifest from "../../package.json" with { type: "json" };
import { Folder } from "../support/folder.ts";

const dist = join(import.meta.dirname, "../../dist");
const cache = `schedule.${process.arch}.cache`;
const built = ["launch.cjs", "schedule.cjs", cache, "deploy-finalize.cjs"] as const;

/** What `make build` made, in a folder of its own. */
function install(): Folder {
  const folder = new Folder();
  for (const file of built) copyFileSync(join(dist, file), folder.at(file));
  return folder;
}

/** Puts a stand-in for the whole program there, which says that it was started. */
function installStandIn(): Folder {
  const folder = install();
  folder.write("deploy-finalize.cjs", 'console.log("whole", process.argv[1] === __filename)');
  return folder;
}

/** Those of the wrapper, which the code was compiled under. */
const FLAGS = manifest.config.nodeFlags.split(" ");

function run(file: string, args: readonly string[], flags: readonly string[] = FLAGS) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...flags, file, ...args], {
    encoding: "utf8",
  });
  return { status, stdout, stderr };
}

const PLAIN = ["--dry-run", "--profile", "/nowhere"];
const WHOLE = { status: 0, stdout: "whole true\n", stderr: "" };

void test("launch: says what the whole program says", () => {
  using folder = install();
  for (const args of [PLAIN, ["--config", "/nowhere"], ["--version"], ["--dryrun"], ["cancel"]]) {
    const alone = run(folder.at("deploy-finalize.cjs"), args, []);
    for (const flags of [FLAGS, []]) {
      assert.deepEqual(run(folder.at("launch.cjs"), args, flags), alone, args.join(" "));
    }
    assert.notEqual(alone.stdout + alone.stderr, "");
  }
});

void test("launch: a plain schedule never loads the whole program, anything else does", () => {
  using folder = installStandIn();
  const launch = folder.at("launch.cjs");
  assert.match(run(launch, PLAIN).stderr, /^deploy-finalize: /);
  assert.deepEqual(run(launch, ["run", "20261122-213000-0000"]), WHOLE);
  assert.deepEqual(run(launch, ["--delay", "x"]), WHOLE);
});

const spoiled = {
  "without the bundle": (folder: Folder) => folder.remove("schedule.cjs"),
  "without the compiled code": (folder: Folder) => folder.remove(cache),
  "with half of the compiled code": (folder: Folder) => {
    const code = readFileSync(folder.at(cache));
    writeFileSync(folder.at(cache), code.subarray(0, code.length / 2));
  },
  "with a flipped bit in the compiled code": (folder: Folder) => {
    const code = readFileSync(folder.at(cache));
    code[1000] = (code[1000] ?? 0) ^ 1;
    writeFileSync(folder.at(cache), code);
  },
  "with zeros for its second half": (folder: Folder) => {
    const code = readFileSync(folder.at(cache));
    writeFileSync(folder.at(cache), code.fill(0, code.length / 2));
  },
  "with compiled code that is none": (folder: Folder) => folder.write(cache, "none"),
  "with another bundle than was compiled": (folder: Folder) =>
    folder.write("schedule.cjs", "(function (require, root) {})"),
} as const;

for (const [how, spoil] of Object.entries(spoiled)) {
  void test(`launch: ${how} it is the whole program`, () => {
    using folder = installStandIn();
    spoil(folder);
    assert.deepEqual(run(folder.at("launch.cjs"), PLAIN), WHOLE);
  });
}

void test("launch: under V8 flags that the code was not compiled for it is the whole program", () => {
  using folder = installStandIn();
  for (const flags of [[...FLAGS, "--no-opt"], []]) {
    assert.deepEqual(run(folder.at("launch.cjs"), PLAIN, flags), WHOLE);
  }
});

/** Says whether Node had to compile a module of its own, by what its own tests ask. */
const ASK_NODE = `
require("node:http");
const { internalBinding } = require("internal/test/binding");
console.log(internalBinding("builtins").getCacheUsage().compiledWithoutCache.has("_http_agent"));
`;

void test("launch: what is no plain schedule has the code that Node was compiled with", () => {
  using folder = install();
  folder.write("deploy-finalize.cjs", ASK_NODE);
  const flags = [...FLAGS, "--expose-internals", "--no-warnings"];
  assert.equal(run(folder.at("launch.cjs"), ["status"], flags).stdout, "false\n");
  assert.equal(run(folder.at("deploy-finalize.cjs"), [], flags).stdout, "true\n");
});
