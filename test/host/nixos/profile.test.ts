import assert from "node:assert/strict";
import { test } from "node:test";
import {
  currentGeneration,
  generationOf,
  profileBehind,
  restoreProfile,
} from "../../../src/host/nixos/profile.ts";
import { findSpecialisation } from "../../../src/host/nixos/specialisation.ts";
import { EdgeHost } from "../../support/edge-host.ts";
import { Folder } from "../../support/folder.ts";
import { makeToplevel } from "../../support/systems.ts";

test("profile: generations are found by number and by the toplevel that they resolve to", () => {
  using folder = new Folder();
  const [one, two] = [makeToplevel(folder, "one"), makeToplevel(folder, "two")];
  const profile = folder.link("profiles/system", "system-12-link");
  folder.link("profiles/system-9-link", one);
  folder.link("profiles/system-10-link", one);
  folder.link("profiles/system-12-link", two);
  folder.link("profiles/other-13-link", one);
  assert.equal(currentGeneration(profile), 12);
  assert.equal(generationOf(profile, one), 10);
  assert.equal(generationOf(profile, "/nix/store/gone"), null);
});

test("profile: one that names no generation has no number", () => {
  using folder = new Folder();
  assert.equal(currentGeneration(folder.link("system", makeToplevel(folder, "one"))), null);
  assert.equal(currentGeneration(folder.at("absent")), null);
  assert.equal(generationOf(folder.at("absent/system"), "/x"), null);
});

test("specialisation: the target's one of the same name, another one, or none", () => {
  using folder = new Folder();
  const [one, two] = [makeToplevel(folder, "one"), makeToplevel(folder, "two")];
  const [oneNight, twoNight] = [
    makeToplevel(folder, "one-night"),
    makeToplevel(folder, "two-night"),
  ];
  folder.link("store/one/specialisation/night", oneNight);
  folder.link("store/two/specialisation/night", twoNight);
  const profile = folder.link("profiles/system", "system-2-link");
  folder.link("profiles/system-1-link", one);
  folder.link("profiles/system-2-link", two);
  const find = (wanted: string | null, current: string | null) =>
    findSpecialisation(wanted, { profile, current, target: two });
  const night = { name: "night", toplevel: twoNight };
  assert.deepEqual(find("keep", oneNight), night);
  // After the act as well.
  assert.deepEqual(find("keep", twoNight), night);
  assert.equal(find("keep", one), null);
  assert.equal(find("keep", null), null);
  assert.equal(find(null, oneNight), null);
  assert.deepEqual(find("night", one), night);
  assert.deepEqual(find("day", oneNight), { name: "day", toplevel: null });
  assert.deepEqual(
    [profileBehind(profile, oneNight, two), profileBehind(profile, "/nix/store/tried", two)],
    [one, one],
  );
});

for (const deploys of ["meanwhile", "never"] as const) {
  test(`restore: a deploy that sets the profile ${deploys}`, async () => {
    using host = new EdgeHost();
    const { folder } = host;
    const [old, bad, next] = ["old", "bad", "next"].map((name) => makeToplevel(folder, name));
    assert.ok(old !== undefined && bad !== undefined && next !== undefined);
    const profile = folder.link("profiles/system", "system-2-link");
    folder.link("profiles/system-1-link", old);
    folder.link("profiles/system-2-link", bad);
    host.answers["nix-env"] = (argv) => {
      const isFirst = host.ran.length === 1;
      if (deploys === "meanwhile" && isFirst) folder.link("profiles/system-3-link", next);
      folder.remove("profiles/system");
      folder.link("profiles/system", `system-${argv.at(-1)}-link`);
      return {};
    };
    assert.equal(await restoreProfile(host, profile, bad, old), null);
    assert.equal(currentGeneration(profile), deploys === "meanwhile" ? 3 : 1);
  });
}

test("restore: a profile that cannot be given back to a deploy is not said to be that again", async () => {
  using host = new EdgeHost();
  const { folder } = host;
  const [old, bad, next] = ["old", "bad", "next"].map((name) => makeToplevel(folder, name));
  assert.ok(old !== undefined && bad !== undefined && next !== undefined);
  const profile = folder.link("profiles/system", "system-2-link");
  folder.link("profiles/system-1-link", old);
  folder.link("profiles/system-2-link", bad);
  host.answers["nix-env"] = () => {
    if (host.ran.length > 1) return { exitCode: 1, stderr: "no space" };
    folder.link("profiles/system-3-link", next);
    folder.remove("profiles/system");
    folder.link("profiles/system", "system-1-link");
    return {};
  };
  const problem = await restoreProfile(host, profile, bad, old);
  assert.match(problem ?? "", /set to generation 3 by a deploy .* cannot be set to that again: /);
  assert.deepEqual(host.said, []);
});
