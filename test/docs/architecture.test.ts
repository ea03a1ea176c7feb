import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { TABLE } from "../../src/core/machine/table.ts";
import { LOCK_OF } from "../../src/report/ways.ts";
import { LOCKS } from "../../src/state-dir/locks.ts";
import { STATES, TRANSITIONS } from "../../src/core/states.ts";

const architecture = readFileSync(new URL("../../ARCHITECTURE.md", import.meta.url), "utf8");

test("ARCHITECTURE.md shows every transition and every handler of the state machine", () => {
  const [, diagram = ""] = /```mermaid\n(.*?)\n```/s.exec(architecture) ?? [];
  const edges = STATES.flatMap((from) => TRANSITIONS[from].map((to) => `${from} --> ${to}`));
  const handlers = Object.values(TABLE).flatMap((row) => Object.values(row));
  const missing = [
    ...edges.filter((edge) => !diagram.split("\n").includes(`  ${edge}`)),
    ...handlers.map(({ name }) => name).filter((name) => !architecture.includes(`\`${name}\``)),
  ];
  assert.deepEqual(missing, []);
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

const [, locks = ""] = /\n\| lock \|.*?\n\|[-|]+\n(.*?)\n\n/s.exec(architecture) ?? [];
const rows = locks.split("\n").map((line) => line.split("|").map((cell) => cell.trim()));

test("ARCHITECTURE.md lists every lock of the state folder, and no other", () => {
  const listed = rows.map(([, name]) => name);
  assert.deepEqual(listed, ["`<id>.lock`", ...LOCKS.map((name) => `\`${name}.lock\``)]);
});

test("ARCHITECTURE.md names each file that takes a lock, with its lock", () => {
  const root = new URL("../../", import.meta.url);
  const taken = globSync("src/**/*.ts", { cwd: root }).flatMap((file) => {
    const text = readFileSync(new URL(file, root), "utf8");
    if (file === "src/host/process/lock.ts" || !/\b(?:tryLock|waitForLock)\(/.test(text)) return [];
    const names = [...text.matchAll(/\.lockPath\("(\w+)"\)/g)].map(([, name]) => `${name}.lock`);
    if (text.includes(".lockPath(LOCK_OF[")) {
      names.push(...Object.values(LOCK_OF).map((name) => `${name}.lock`));
    }
    if (text.includes(".recordLockPath(")) names.push("<id>.lock");
    return [...new Set(names)].map((name) => `${name} in ${file}`);
  });
  const told = rows.flatMap(([, name = "", , files = ""]) =>
    [...files.matchAll(/`([^`]+)`/g)].map(([, file]) => `${name.replaceAll("`", "")} in ${file}`),
  );
  assert.deepEqual(told.toSorted(), taken.toSorted());
});
