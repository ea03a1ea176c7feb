import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../support/fast-check.ts";
import { type Change, changeOf } from "../../src/core/user-units/changes.ts";

const RUN = "[Service]\nExecStart=/a\n";

test("what a switch does to a running unit whose definition changes", () => {
  const rows: readonly (readonly [string, string, string | null, Change])[] = [
    ["the same", RUN, RUN, "nothing"],
    ["another program", RUN, "[Service]\nExecStart=/b\n", "restart"],
    ["only its description", RUN, `[Unit]\nDescription=x\n${RUN}`, "nothing"],
    ["only its [Install]", RUN, `${RUN}[Install]\nWantedBy=default.target\n`, "nothing"],
    [
      "one of many values",
      `${RUN}Environment=A=1\nEnvironment=B=1\n`,
      `${RUN}Environment=A=2\nEnvironment=B=1\n`,
      "restart",
    ],
    [
      "an earlier value is forgotten",
      RUN,
      "[Service]\nExecStart=/b\nExecStart=\nExecStart=/a\n",
      "nothing",
    ],
    ["a reload trigger", RUN, `[Unit]\nX-Reload-Triggers=1\n${RUN}`, "reload"],
    ["no ExecReload any more", `${RUN}ExecReload=/r\n`, RUN, "nothing"],
    ["reloadIfChanged", RUN, "[Service]\nExecStart=/b\nX-ReloadIfChanged=true\n", "reload"],
    [
      "restartIfChanged = false",
      RUN,
      "[Service]\nExecStart=/b\nX-RestartIfChanged=false\n",
      "keep",
    ],
    ["RefuseManualStop", RUN, "[Unit]\nRefuseManualStop=true\n[Service]\nExecStart=/b\n", "keep"],
    ["gone", RUN, null, "stop"],
    ["gone, but it stays", `[Unit]\nX-StopOnRemoval=false\n${RUN}`, null, "nothing"],
  ];
  for (const [name, before, now, change] of rows) {
    assert.equal(changeOf("x.service", [before], now === null ? null : [now]), change, name);
  }
  assert.equal(changeOf("x.socket", ["[Socket]\nListenStream=1\n"], ["[Socket]\n"]), "nothing");
});

test("property: a unit that stays the same is never touched, whatever its text", () => {
  const texts = fc.array(fc.string({ unit: "binary" }), { minLength: 1, maxLength: 3 });
  fc.assert(fc.property(texts, (text) => changeOf("x.service", text, text) === "nothing"));
});
