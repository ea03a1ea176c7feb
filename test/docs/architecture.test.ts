import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { STATES } from "../../src/core/states.ts";
import { stateDiagram } from "./diagram.ts";

const architecture = readFileSync(new URL("../../ARCHITECTURE.md", import.meta.url), "utf8");

test("ARCHITECTURE.md shows the state machine that the code has", () => {
  const [, shown] = /```mermaid\n(.*?)\n```/s.exec(architecture) ?? [];
  assert.equal(shown, stateDiagram());
});

test("ARCHITECTURE.md tells of every state", () => {
  const untold = STATES.filter((state) => !architecture.includes(`\`${state}\``));
  assert.deepEqual(untold, []);
});

test("every file and folder that ARCHITECTURE.md names is there", () => {
  const named = [...architecture.matchAll(/`((?:src|test|bench|notes|scripts)\/[\w./-]*)`/g)];
  const gone = named.flatMap(([, path = ""]) =>
    existsSync(new URL(`../../${path}`, import.meta.url)) ? [] : [path],
  );
  assert.deepEqual(gone, []);
});
