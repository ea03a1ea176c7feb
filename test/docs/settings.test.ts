import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { DEFAULT_CONFIG } from "../../src/core/config/defaults.ts";
import { parseConfig } from "../../src/core/config/parse-config.ts";

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
