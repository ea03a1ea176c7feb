import assert from "node:assert/strict";
import { test } from "node:test";
import * as acorn from "acorn";
import * as esbuild from "esbuild";
import { check } from "recheck";

interface Expression {
  readonly pattern: string;
  readonly flags: string;
}

/** Every regular expression of the program. */
async function expressions(): Promise<Expression[]> {
  const { outputFiles } = await esbuild.build({
    entryPoints: [new URL("../../src/main.ts", import.meta.url).pathname],
    bundle: true,
    write: false,
    platform: "node",
    format: "esm",
    packages: "external",
  });
  const found = new Map<string, Expression>();
  for (const { text } of outputFiles) {
    const options = {
      ecmaVersion: "latest",
      sourceType: "module",
      onToken: ({ type, start, end }: acorn.Token): void => {
        if (type !== acorn.tokTypes.regexp) return;
        const literal = text.slice(start, end);
        const close = literal.lastIndexOf("/");
        found.set(literal, { pattern: literal.slice(1, close), flags: literal.slice(close + 1) });
      },
    } as const;
    acorn.parse(text, options);
  }
  return [...found.values()];
}

/** On a busy machine too; most take no time. */
const MOST_MS = 120_000;

/** The checker counts steps, and stops at a time: how many it makes in it must not decide. */
const BY_STEPS = {
  timeout: MOST_MS,
  seedingTimeout: null,
  incubationTimeout: null,
  attackTimeout: null,
} as const;

test("no text makes a regular expression slow: each takes a time in proportion to its text", async (t) => {
  const all = await expressions();
  assert.ok(all.length > 100, `${all.length} expressions`);
  t.diagnostic(`${all.length} expressions`);
  const slow: string[] = [];
  for (const { pattern, flags } of all) {
    const result = await check(pattern, flags, BY_STEPS);
    if (result.status === "vulnerable") {
      slow.push(`/${pattern}/${flags} is ${result.complexity.type} for ${result.attack.pattern}`);
    } else if (result.status === "unknown") slow.push(`/${pattern}/${flags}: unknown`);
  }
  assert.deepEqual(slow, []);
});

test("the check of regular expressions finds slow ones", async () => {
  for (const pattern of ["a .*(b|c)", String.raw`^(\d+\s*)+$`]) {
    assert.equal((await check(pattern, "")).status, "vulnerable", pattern);
  }
});
