import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { topicOf, topicOfReason } from "../../src/view/runbook/find.ts";
import { TOPICS } from "../../src/view/runbook/topics.ts";
import { aRecord } from "../support/records.ts";
import { repository } from "./documents.ts";

const read = (path: string): string => readFileSync(join(repository, path), "utf8");

/** Where an end as `failed`, `rolled-back`, `cancelled` or `superseded` gets its reason. */
const SOURCES = [
  ...[
    "act",
    "machine",
    "not-wanted",
    "overtaken",
    "rollback",
    "specialisation",
    "verification",
  ].map((name) => `src/core/machine/${name}.ts`),
  "src/core/machine/hooks/hooks.ts",
  "src/core/machine/verdicts.ts",
  "src/finalize/newest/ending.ts",
  "src/finalize/patience/held-up.ts",
  "src/finalize/runners/drain.ts",
  "src/gates/wait.ts",
  "src/cli/shared/tries.ts",
  "src/cli/shared/load-config.ts",
  "src/cli/commands/run.ts",
];

/** What makes a text a reason: who gets it, or the name of the variable. */
const REASON =
  /(?:(?:fail|rollBack|beginRollback)\(\w+(?:, \w+)?, |reason: |(?:reason|booted) = |return |const why = |new Refusal\(|failIfOvertaken\w*\()(`[^`]+`|"[^"]+")/g;

/** Texts that are no reasons of an end, although they look like one. */
const NO_REASONS = [
  /^the current system is/,
  /^fell back after/,
  /^confirmed by/,
  /^(ended with exit code|did not end within|left|ended|done|failed|refused|halfway|timed-out|needs-reboot|stopped)/,
  /^x$|^x: x$/,
  /^the profile points to/,
  /^cannot continue/,
  // Part of another reason, or of a state before the end.
  /^x\. Look at|^there is no previous system|^the previous system is incomplete|^the switch (to|asks)/,
  /^waits for the|^begun$|: finishes its job/,
];

function reasonsIn(path: string): string[] {
  return [...read(path).matchAll(REASON)]
    .map(([, text = ""]) => text.slice(1, -1).replaceAll(/\$\{(?:[^{}]|\{[^}]*\})*\}/g, "x"))
    .filter((text) => !NO_REASONS.some((pattern) => pattern.test(text)));
}

test("the runbook knows every reason that the program gives for an end", () => {
  const reasons = SOURCES.flatMap((path) => reasonsIn(path).map((reason) => ({ path, reason })));
  assert.ok(reasons.length >= 15, JSON.stringify(reasons));
  // Those of a check begin with its name: the state stands for them.
  const unknown = reasons.filter(
    ({ reason }) => /^[a-zA-Z]/.test(reason) && topicOfReason(reason) === null,
  );
  const joined = unknown.filter(({ reason }) => !/^(x; |x before it was done)/.test(reason));
  assert.deepEqual(joined, []);
  const used = new Set(reasons.map(({ reason }) => topicOfReason(reason)?.name));
  const unused = TOPICS.filter(({ name, reason }) => reason !== null && !used.has(name));
  assert.deepEqual(
    unused.map(({ name }) => name).filter((name) => name !== "boot-failed"),
    [],
  );
});

function nameOf(state: "failed" | "rolled-back" | "live", reason: string): string | undefined {
  const outcome = { reason, activationExitCode: null, activationTail: [] };
  return topicOf(aRecord({ state, outcome }))?.name;
}

test("which part of the runbook an end has", () => {
  assert.equal(nameOf("live", "timed out after 3600 s"), undefined);
  assert.equal(nameOf("rolled-back", "units settle: web.service failed"), "rolled-back");
  assert.equal(nameOf("rolled-back", "boot: the boot did not get through: x"), "boot-failed");
  assert.equal(nameOf("failed", "timed out after 3600 s waiting for CI job: x"), "timed-out");
  assert.equal(nameOf("failed", "web: x; the rollback failed too: no space"), "rollback-failed");
  // Without a rollback the host does not run the previous system.
  assert.equal(nameOf("failed", "switch-to-configuration ended with exit code 2"), "failed");
  assert.equal(nameOf("failed", "units settle: web.service failed"), "failed");
});

test("each alert and each topic has its part of the runbook, on the page and in the manual", () => {
  const alerts = read("contrib/prometheus/deploy-finalize.rules.yml");
  const named = [...alerts.matchAll(/deploy-finalize help ([a-z-]+)/g)].map(
    ([, name = ""]) => name,
  );
  assert.ok(named.length >= 5);
  const known = TOPICS.map(({ name }) => name);
  assert.deepEqual(
    named.filter((name) => !known.includes(name)),
    [],
  );
  for (const path of ["docs/runbook.md", "man/deploy-finalize.8.scd"]) {
    const page = read(path);
    assert.deepEqual(
      known.filter((name) => !new RegExp(`^## \`?${name}\`?: `, "m").test(page)),
      [],
    );
  }
});
