import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { RUNNER_PRESETS } from "../../src/core/config/config.ts";
import { presetForUnit, presetOf } from "../../src/gates/runners/presets.ts";
import { repository } from "../test-host/paths.ts";

const rows = new Map(
  readFileSync(join(repository, "docs/ci.md"), "utf8")
    .split("\n")
    .map((line) =>
      line
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim()),
    )
    .map(([preset = "", ...cells]) => [preset.replaceAll("`", ""), cells]),
);

test("docs/ci.md: a row for each runner, with what the program knows of it", () => {
  for (const preset of RUNNER_PRESETS) {
    const [units = "", drains = "", idle = "", onHost = "", inContainer = ""] =
      rows.get(preset) ?? [];
    const known = presetOf({ unit: "a.service", preset });
    const names = [...units.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name);
    assert.ok(names.length > 0, `no row for ${preset}`);
    for (const name of names) {
      assert.equal(presetForUnit(`${name.replace("NAME", "a")}.service`), known, name);
    }
    assert.equal(/^(by|as) /.test(drains), known.drain !== null, `${preset} ${drains}`);
    if (known.drain?.saidBy === "unit") {
      for (const signal of known.drain.signals) assert.ok(drains.includes(signal), drains);
    }
    const kinds = new Set(known.detections.map(({ kind }) => kind));
    assert.equal(idle === "cannot tell", kinds.has("unseen"), preset);
    assert.equal(/another process|program of/.test(onHost), kinds.has("processes"), preset);
    assert.equal(onHost.includes("job folder"), kinds.has("job-folders"));
    assert.equal(inContainer.startsWith("a container"), kinds.has("containers"), preset);
  }
});
