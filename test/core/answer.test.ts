import assert from "node:assert/strict";
import { test } from "node:test";
import { isPage } from "../../src/core/answer.ts";

const ANSWERS: readonly (readonly [text: string, isPage: boolean])[] = [
  ["<html>", true],
  ["\n <!DOCTYPE  html>\n<html>", true],
  ["<HTML lang=de>", true],
  ["<!-- a --> \n<!-- b --><html>", true],
  ["<!-- a\n-- b --><!doctype html>", true],
  ["<!-- without an end <html>", false],
  ["<htmlx>", false],
  ["<!doctype xml>", false],
  ["ok <html>", false],
  ["", false],
];

for (const [text, expected] of ANSWERS) {
  test(`${JSON.stringify(text)} is ${expected ? "a page" : "no page"}`, () => {
    assert.equal(isPage(text), expected);
  });
}

test("an answer of a thousand characters that was made to be slow is read at once", () => {
  const text = `<!-${"---><!----><!-".repeat(200)}`;
  const before = process.cpuUsage().user;
  assert.equal(isPage(text), false);
  assert.ok(process.cpuUsage().user - before < 1_000_000);
});
