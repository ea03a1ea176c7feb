import assert from "node:assert/strict";
import { test } from "node:test";
import * as v from "valibot";
import { outline, theProgram } from "../../scripts/docs/outline.ts";
import { JSON_OUTPUTS } from "../../scripts/docs/json-outputs.ts";
import { scheduleSchema } from "../../src/json/commands.ts";
import { FakeHost } from "../support/fake-host.ts";
import { makeToplevel } from "../support/systems.ts";

test("every command that takes --json has a schema, and no other", () => {
  const { common, commands: all } = outline(theProgram());
  assert.ok(
    common.some(({ names }) => names.includes("--json")),
    "every command takes it",
  );
  const commands = all.map(({ name }) => name);
  const described = new Set(Object.keys(JSON_OUTPUTS).map((name) => name.split(" ")[0] ?? ""));
  assert.deepEqual([...described].toSorted(), commands.toSorted());
});

for (const dry of [["--dry-run"], []]) {
  test(`schedule ${dry.join("")} --json prints what its schema says, and no more`, async () => {
    using host = new FakeHost();
    host.setProfile(makeToplevel(host.folder, "new"));
    const { stdout } = await host.schedule("--json", ...dry);
    const printed: unknown = JSON.parse(stdout);
    assert.deepEqual(v.parse(scheduleSchema, printed), printed);
  });
}
