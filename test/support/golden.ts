import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Set to `1`, it writes what the tests got instead of comparing: look at the difference before committing. */
const REFRESH = "UPDATE_GOLDEN";

const FOLDER = join(import.meta.dirname, "../view/golden");

/** Compares lines with `test/view/golden/NAME`; escapes are kept as visible characters. */
export function assertGolden(name: string, lines: readonly string[]): void {
  const path = join(FOLDER, name);
  const text = `${lines.join("\n")}\n`.replaceAll("\u001B", "␛");
  if (process.env[REFRESH] === "1") {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  assert.equal(text, readFileSync(path, "utf8"), `${path} differs: look, then ${REFRESH}=1`);
}
