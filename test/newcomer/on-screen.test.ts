import assert from "node:assert/strict";
import { test } from "node:test";
import { onScreen } from "./on-screen.ts";

for (const [what, written, shown] of [
  ["lines end with a carriage return", "one\r\ntwo\r\n", "one\ntwo\n"],
  ["colours", "\x1b[1mweb1\x1b[0m# ", "web1# "],
  ["a prompt that is drawn again", "\nweb1# \rweb1# ", "\nweb1# "],
  ["a prompt that is erased and drawn again", "\nweb1# ls\r\x1b[Kweb1# ", "\nweb1# "],
  ["a shorter text over a longer one", "50 of 100\r9", "90 of 100"],
] as const) {
  test(`on the screen: ${what}`, () => {
    assert.equal(onScreen(written), shown);
  });
}
