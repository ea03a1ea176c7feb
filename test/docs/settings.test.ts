import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { DEFAULT_CONFIG } from "../../src/core/config/defaults.ts";
import { parseConfig } from "../../src/core/config/parse-config.ts";
import { effectiveDelay, type JobEnd } from "../../src/finalize/delay.ts";

const settings = readFileSync(new URL("../../docs/settings.md", import.meta.url), "utf8");

/** Every leaf of the default configuration with its value, `waitFor.session` and so on. */
function leaves(value: object, prefix = ""): [string, unknown][] {
  return Object.entries(value).flatMap(([key, item]: [string, unknown]) =>
    typeof item === "object" && item !== null && !Array.isArray(item)
      ? leaves(item, `${prefix}${key}.`)
      : [[`${prefix}${key}`, item] as [string, unknown]],
  );
}

test("docs/settings.md has every setting with its default, and no other", () => {
  const [table = ""] = settings.split("## Runners");
  const rows = [...table.matchAll(/^\| `([a-zA-Z.]+)` \| `([^`]*)` \|/gm)];
  const documented = rows.map(([, key, shown = ""]) => [key, JSON.parse(shown) as unknown]);
  assert.deepEqual(documented, leaves(DEFAULT_CONFIG));
});

test("the example in docs/settings.md is accepted", () => {
  const [, example = ""] = /```json\n(.*?)```/s.exec(settings) ?? [];
  assert.equal(parseConfig(example, "the example").waitFor.runners.length, 1);
});

test("docs/requirements.md has the defaults of the limits that it names", () => {
  const page = readFileSync(new URL("../../docs/requirements.md", import.meta.url), "utf8");
  const all = new Map(leaves(DEFAULT_CONFIG));
  const rows = [...page.matchAll(/^\| [^|]+ \| `([a-zA-Z.]+)` \| ([^|]+) \|/gm)];
  const shown = rows.flatMap(([, key = "", cell = ""]) => (all.has(key) ? [[key, cell]] : []));
  assert.ok(shown.length >= 7, `${shown.length}`);
  // Where null is automatic, both times are there.
  const expected = shown.map(([key = ""]) => [
    key,
    key === "delay" ? `${automatic("seen")}, or ${automatic("guessed")}` : inWords(all.get(key)),
  ]);
  assert.deepEqual(shown, expected);
});

function automatic(jobEnd: JobEnd): string {
  const { seconds } = effectiveDelay(null, DEFAULT_CONFIG, jobEnd);
  return seconds === 0 ? "none" : span(seconds);
}

function inWords(value: unknown): string {
  return typeof value === "number" ? span(value) : "none";
}

function span(seconds: number): string {
  const [unit = "s", size = 1] =
    (
      [
        ["day", 86_400],
        ["h", 3600],
        ["min", 60],
      ] as const
    ).find(([, length]) => seconds % length === 0) ?? [];
  return `${seconds / size} ${unit}`;
}
