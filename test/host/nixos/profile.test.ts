import assert from "node:assert/strict";
import { test } from "node:test";
import { currentGeneration, generationOf, profileBehind } from "../../../src/host/nixos/profile.ts";
import { findSpecialisation } from "../../../src/host/nixos/specialisation.ts";
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
