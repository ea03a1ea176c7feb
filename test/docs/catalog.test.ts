import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { EVENT_KINDS, stateEntry } from "../../src/core/record/journal-entry.ts";
import { aRecord } from "../support/records.ts";

const catalog = readFileSync(
  new URL("../../contrib/deploy-finalize.catalog", import.meta.url),
  "utf8",
);
const entries = catalog.split(/^-- (?=[0-9a-f]{32}$)/m).slice(1);

test("the catalogue explains every kind of journal entry, and no other", () => {
  const ids = Object.values(EVENT_KINDS).map(({ messageId }) => messageId);
  const explained = entries.map((entry) => entry.slice(0, 32));
  assert.deepEqual(explained.toSorted(), ids.toSorted());
  assert.equal(new Set(ids).size, ids.length);
});

test("each text of the catalogue has a subject, says where it comes from, and fits the screen", () => {
  for (const entry of entries) {
    assert.match(
      entry,
      /^[0-9a-f]{32}\nSubject: \S.*\nDefined-By: deploy-finalize\nDocumentation: man:deploy-finalize\(8\)\n\n\S/,
    );
    const tooWide = entry.split("\n").filter((line) => line.replaceAll(/@\w+@/g, "").length > 80);
    assert.deepEqual(tooWide, []);
  }
});

test("the catalogue names only fields that an entry has", () => {
  const outcome = { reason: "so", activationExitCode: null, activationTail: [] };
  const { fields } = stateEntry(aRecord({ state: "failed", outcome }));
  const named = [...catalog.matchAll(/@(\w+)@/g)].map(([, name = ""]) => name);
  assert.deepEqual(
    named.filter((name) => fields[name] === undefined),
    [],
  );
});
