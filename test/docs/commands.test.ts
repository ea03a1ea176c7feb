import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { CommanderError } from "commander";
import { usage } from "../../scripts/docs/commands.ts";
import { EXPLANATIONS } from "../../scripts/docs/explanations.ts";
import { outline, theProgram } from "../../scripts/docs/outline.ts";
import { MAN_PAGE } from "../../scripts/docs/pages.ts";
import { topicFor } from "../../src/view/runbook/find.ts";
import { STATES } from "../../src/core/states.ts";
import { commandLines, documents, repository } from "./documents.ts";

const program = outline(theProgram());
const page = readFileSync(join(repository, MAN_PAGE), "utf8");

test("every command is explained, and no other", () => {
  const names = program.commands.map(({ name }) => name);
  assert.deepEqual(Object.keys(EXPLANATIONS).toSorted(), names.toSorted());
});

test("the man page tells of every state, and of each exit code that the help names", () => {
  const untold = STATES.filter((state) => !page.includes(`*${state}*`));
  assert.deepEqual(untold, []);
  const [, codes = ""] = /# EXIT STATUS(.*?)\n# /s.exec(page) ?? [];
  const told = [...codes.matchAll(/^\*(\d+)\*$/gm)].map(([, code]) => Number(code));
  assert.deepEqual(told, [0, 1, 2, 3, 4, 75]);
});

const scdoc = spawnSync("scdoc", { input: page, encoding: "utf8" });

test(
  "the man page can be made, and shows every command and option",
  { skip: scdoc.error === undefined ? false : "scdoc is not installed" },
  () => {
    assert.deepEqual([scdoc.status, scdoc.stderr], [0, ""]);
    const roff = scdoc.stdout.replaceAll(/\\f[BIR]|\\&|\\(?=[-<>])/g, "");
    for (const command of program.commands) {
      const { name, own } = command;
      assert.ok(roff.includes(`deploy-finalize ${usage(command)}`), name);
      const options = own.flatMap(({ names }) => names);
      assert.deepEqual(
        options.filter((option) => !roff.includes(option)),
        [],
        name,
      );
    }
  },
);

/** Parses a line as the program does, without doing it; says what is wrong with it. */
function problemOf(line: string): string | null {
  const parser = theProgram().configureOutput({ writeErr: () => {}, writeOut: () => {} });
  for (const command of parser.commands) command.action(() => {});
  const [first, topic = ""] = wordsOf(line);
  if (first === "help" && (topic === "REASON" || topicFor(topic) !== null)) return null;
  try {
    parser.parse(wordsOf(line), { from: "user" });
    return null;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? null : error.message;
    throw error;
  }
}

const AN_ID = "20261122-213000-k3f9";

/** What stands for something, in a text, is put in; what may be left out is there. */
function wordsOf(line: string): string[] {
  return line
    .replaceAll(/[[\]…]/g, " ")
    .replaceAll("<what>", "status")
    .replaceAll(/@DEPLOY_FINALIZE_ID@|\bID\b|<id>/g, AN_ID)
    .replaceAll("SPAN", "90s")
    .split(/\s+/)
    .filter((word) => word !== "");
}

test("every command line that a text shows can be given like that", () => {
  const shown = documents().flatMap((document) =>
    commandLines(document).map((line) => ({ path: document.path, line })),
  );
  const wrong = shown.flatMap(({ path, line }) => {
    const problem = problemOf(line);
    return problem === null ? [] : [`${path}: deploy-finalize ${line}: ${problem}`];
  });
  assert.deepEqual(wrong, []);
  assert.ok(
    shown.some(({ line }) => line.startsWith("confirm")),
    "it finds them",
  );
});

test("a command line that is wrong is found", () => {
  assert.notEqual(problemOf("--no-such-option"), null);
  assert.notEqual(problemOf("no-such-command"), null);
});
