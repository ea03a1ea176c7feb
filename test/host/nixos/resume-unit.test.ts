import assert from "node:assert/strict";
import { test } from "node:test";
import { hasResumeUnit } from "../../../src/host/nixos/resume-unit.ts";
import { Folder } from "../../support/folder.ts";
import { makeToplevel } from "../../support/systems.ts";

const UNITS = "store/nixos/etc/systemd/system";
const UNIT = "deploy-finalize-resume.service";
const LINK = `${UNITS}/multi-user.target.wants/${UNIT}`;

const systems: Record<string, [boolean, (folder: Folder) => void]> = {
  "as the module makes it": [true, () => {}],
  "wanted by another target": [
    true,
    (folder) => {
      folder.remove(LINK);
      folder.link(`${UNITS}/graphical.target.requires/${UNIT}`, `../${UNIT}`);
    },
  ],
  "that nothing wants": [false, (folder) => folder.remove(LINK)],
  "with a link and no unit": [false, (folder) => folder.remove(`${UNITS}/${UNIT}`)],
  "wanted only by another service": [
    false,
    (folder) => {
      folder.remove(LINK);
      folder.link(`${UNITS}/web.service.wants/${UNIT}`, `../${UNIT}`);
    },
  ],
  "without units": [false, (folder) => folder.remove("store/nixos/etc")],
};

for (const [what, [expected, change]] of Object.entries(systems)) {
  test(`resume unit: a system ${what}`, () => {
    using folder = new Folder();
    const toplevel = makeToplevel(folder, "nixos");
    change(folder);
    assert.equal(hasResumeUnit(toplevel), expected);
  });
}

test("resume unit: masked, it does not start", () => {
  using folder = new Folder();
  const toplevel = makeToplevel(folder, "nixos");
  folder.remove(`${UNITS}/${UNIT}`);
  folder.link(`${UNITS}/${UNIT}`, "/dev/null");
  assert.equal(hasResumeUnit(toplevel), false);
});
