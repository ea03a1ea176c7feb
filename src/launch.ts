import { readFileSync } from "node:fs";
import { join } from "node:path";
import { constants, Script } from "node:vm";
import { readPlainSchedule } from "./cli/plain-schedule.ts";

/**
 * Starts the program sooner where it is to schedule: from a bundle of that command alone, with
 * the code that V8 made of it at the build (notes/node-start.md). For everything else, and where
 * those two files are not there or another Node made them, it starts the whole program.
 */

/** What the wrapper starts Node with (package.json, notes/node-start.md), and V8's default. */
const QUICK_FLAG = "--no-rehash-snapshot";
const ITS_DEFAULT = "--rehash-snapshot";

const whole = join(__dirname, "deploy-finalize.cjs");
// What the detached unit runs needs none of this.
process.argv[1] = whole;

/** It has no `require` of its own, and takes a folder for the host's `/`. */
export type Bundle = (require: NodeJS.Require, root: string) => void;

function scheduleBundle(): Bundle | null {
  const filename = join(__dirname, "schedule.cjs");
  // V8 tells versions apart, but not machines.
  const cache = join(__dirname, `schedule.${process.arch}.cache`);
  try {
    const script = new Script(readFileSync(filename, "latin1"), {
      filename,
      cachedData: readTwice(cache),
      importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
    });
    const bundle: Bundle = script.runInThisContext();
    return script.cachedDataRejected === false ? bundle : null;
  } catch {
    return null;
  }
}

/**
 * V8 runs whatever is in its code, and ends the process where that is damaged. So the file holds
 * it twice: to compare takes a hundredth of the time that a checksum's module takes to load.
 */
function readTwice(path: string): Buffer {
  const both = readFileSync(path);
  const code = both.subarray(0, both.length / 2);
  if (!code.equals(both.subarray(both.length / 2))) throw new Error(`${path} is damaged`);
  return code;
}

const isPlain = readPlainSchedule(process.argv.slice(2)) !== null;
const start = isPlain ? scheduleBundle() : null;
if (start !== null) start(require, "/");
else {
  // Node's own modules would be compiled anew, which takes longer than the flag saves.
  if (process.execArgv.includes(QUICK_FLAG)) {
    process.getBuiltinModule("node:v8").setFlagsFromString(ITS_DEFAULT);
  }
  require(whole);
}
