import assert from "node:assert/strict";
import { test } from "node:test";
import { findLoader } from "../../src/boot/detect.ts";
import { countingObstacle } from "../../src/boot/systemd-boot/boot-counting.ts";
import { entry, PROFILE, setVariable, systemdBootHost } from "./loaders.ts";

const COUNTED = [
  { id: "nixos-2.conf", triesLeft: 3 },
  { id: "nixos-1.conf", triesLeft: null },
];

for (const [loaderInfo, why] of [
  ["systemd-boot 257.9", /^boots are counted \(nixos-2\.conf\), and systemd-boot 257\.9 is not/],
  ["systemd-boot 258.3-2", /systemd-boot 258\.3-2 is not reliable/],
  ["systemd-boot 259", /systemd-boot 259 is not reliable at that: update it to 260 or newer/],
  ["systemd-boot", /systemd-boot of unknown version is not reliable/],
  [null, /systemd-boot of unknown version is not reliable/],
  ["systemd-boot 260~rc1", null],
  ["systemd-boot 262.1-1", null],
] as const) {
  test(`boot counting: ${loaderInfo} is ${why === null ? "reliable" : "not reliable"}`, () => {
    const obstacle = countingObstacle(COUNTED, loaderInfo);
    if (why === null) assert.equal(obstacle, null);
    else assert.match(obstacle ?? "", why);
    assert.equal(countingObstacle(COUNTED.slice(1), loaderInfo), null, "nothing is counted");
  });
}

test("boot counting: an entry is booted once by its name without the counter", async () => {
  using host = systemdBootHost();
  setVariable(host, "LoaderInfo", "systemd-boot 262.1-1");
  const toplevel = "/nix/store/new-kernel";
  entry(host, "nixos-3333+3.conf", toplevel);
  const found = await findLoader(host, { profile: PROFILE, toplevel });
  assert.ok(found.kind === "found", JSON.stringify(found));
  assert.equal(found.loader.obstacle, null);
  assert.equal(await found.loader.setOneShot(toplevel), null);
  const set = host.ran.filter((argv) => argv.includes("set-oneshot"));
  assert.deepEqual(set.at(-1), ["bootctl", "set-oneshot", "nixos-3333.conf"]);
});
