import assert from "node:assert/strict";
import { test } from "node:test";
import { missingFrom } from "./shows.ts";

const output = `+ live: switched to generation 2, just now
  20261123-013828-z1wp: switch, services only
o  01:38:28  scheduled           0.7 s  switch: services only
>  01:38:28  switching       1 min 5 s  /nix/store/8g5b7xqzaqi236wik2m9nrvx85isc9xi-linux`;

const live = "+ live: switched to generation 2, just now";
const hash = "0".repeat(32);

const same: [name: string, shown: string[]][] = [
  ["itself", output.split("\n")],
  ["nothing", []],
  ["some of its lines", [live, "", "…", "20261123-013828-z1wp: switch, services only"]],
  ["another age", ["+ live: switched to generation 2, 3 s ago"]],
  ["another id", ["20260101-120000-aaaa: switch, services only"]],
  ["another time and span", ["o  23:59:59  scheduled  12 s  switch: services only"]],
  ["another hash", [`>  01:00:00  switching  3 s  /nix/store/${hash}-linux`]],
  ["what is left out", ["+ live: … generation 2, …", "…", "> …-linux"]],
];
for (const [name, shown] of same) {
  test(`an output shows ${name}`, () => {
    assert.equal(missingFrom(output, shown), undefined);
  });
}

const other: [name: string, shown: string[], missing: string][] = [
  ["another word", [live.replace("live", "gone")], live.replace("live", "gone")],
  [
    "another number",
    [live, "+ live: switched to generation 3, …"],
    "+ live: switched to generation 3, …",
  ],
  ["the beginning of a line", ["+ live:"], "+ live:"],
  ["a dot for any character", [live.replace("live", "l.ve")], live.replace("live", "l.ve")],
  ["its lines in another order", ["> …-linux", live], live],
  ["a line twice", [live, live], live],
];
for (const [name, shown, missing] of other) {
  test(`an output does not show ${name}`, () => {
    assert.equal(missingFrom(output, shown), missing);
  });
}
