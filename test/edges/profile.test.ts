import assert from "node:assert/strict";
import { test } from "node:test";
import { currentGeneration, generationOf } from "../../src/host/profile.ts";
import { Folder } from "../support/folder.ts";
import { makeToplevel } from "../support/systems.ts";

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
