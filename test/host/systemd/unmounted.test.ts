import assert from "node:assert/strict";
import { test } from "node:test";
import { escapePath, unmountedAt } from "../../../src/host/systemd/unmounted.ts";
import { EdgeHost } from "../../support/edge-host.ts";

// As `systemd-escape --path` prints them.
for (const [path, name] of [
  ["/var/lib/deploy-finalize", String.raw`var-lib-deploy\x2dfinalize`],
  ["/srv/", "srv"],
  ["//a//.b/.c", "a-.b-.c"],
  ["/.hidden", String.raw`\x2ehidden`],
  ["/50% hé", String.raw`50\x25\x20h\xc3\xa9`],
]) {
  test(`the name of a path's units: ${path}`, () => {
    assert.equal(escapePath(path ?? ""), name);
  });
}

const FOLDER = "/var/lib/state";
const LOADED = { LoadState: "loaded" };
const cases: readonly (readonly [string, Parameters<EdgeHost["showUnits"]>[0], string | null])[] = [
  ["no mount unit", {}, null],
  ["it is mounted", { "var.mount": { ...LOADED, ActiveState: "active" } }, null],
  ["its mount failed", { "var.mount": { ...LOADED, ActiveState: "failed" } }, "/var"],
  [
    "its own mount waits",
    { "var-lib-state.mount": { ...LOADED, ActiveState: "inactive" } },
    FOLDER,
  ],
  [
    "it is mounted when it is used",
    {
      "var.mount": { ...LOADED, ActiveState: "inactive" },
      "var.automount": { ...LOADED, ActiveState: "active" },
    },
    null,
  ],
];

for (const [what, units, expected] of cases) {
  test(`a file system that is not mounted: ${what}`, async () => {
    using host = new EdgeHost();
    host.showUnits(units);
    assert.equal(await unmountedAt(host, FOLDER), expected);
  });
}
