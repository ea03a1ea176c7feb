import assert from "node:assert/strict";
import { mkdirSync, symlinkSync } from "node:fs";
import { test } from "node:test";
import { wantedUnits } from "../../src/host/nixos/wanted-units.ts";
import { Folder } from "../support/folder.ts";

const UNITS = "etc/systemd/system";

/** A system whose folder of units has these files, aliases and links. */
function wantedOf(files: string[], links: Record<string, string>): Record<string, string[]> {
  using folder = new Folder();
  for (const file of files) folder.write(`${UNITS}/${file}`, "[Unit]\n");
  for (const [name, to] of Object.entries(links)) {
    const path = `${folder.path}/${UNITS}/${name}`;
    mkdirSync(path.slice(0, path.lastIndexOf("/")), { recursive: true });
    symlinkSync(to, path);
  }
  return Object.fromEntries(wantedUnits(folder.path));
}

test("wanted units: by links of wants, requires and upholds", () => {
  const links = {
    "a.target.wants/x.service": "../x.service",
    "a.target.requires/y.socket": "../y.socket",
    "b.service.upholds/x.service": "../x.service",
  };
  assert.deepEqual(wantedOf(["x.service", "y.socket"], links), {
    "x.service": ["a.target", "b.service"],
    "y.socket": ["a.target"],
  });
});

test("wanted units: an alias is the unit that it stands for, on both sides", () => {
  const links = {
    "default.target": "multi-user.target",
    "dbus.service": "dbus-broker.service",
    "default.target.wants/dbus.service": "../dbus.service",
  };
  assert.deepEqual(wantedOf(["multi-user.target", "dbus-broker.service"], links), {
    "multi-user.target": ["default.target"],
    "dbus-broker.service": ["multi-user.target"],
  });
});

test("wanted units: an instance keeps its name, and a masked unit too", () => {
  const links = {
    "web@1.service": "web@.service",
    "off.service": "/dev/null",
    "a.target.wants/web@1.service": "../web@1.service",
    "a.target.wants/off.service": "../off.service",
  };
  assert.deepEqual(wantedOf(["web@.service"], links), {
    "web@1.service": ["a.target"],
    "off.service": ["a.target"],
  });
});

test("wanted units: a template is wanted as the instance that systemd makes of it", () => {
  const links = {
    "a.target.wants/web@.service": "../web@.service",
    "b@x.service.wants/web@.service": "../web@.service",
  };
  assert.deepEqual(wantedOf(["web@.service"], links), {
    "web@a.service": ["a.target"],
    "web@x.service": ["b@x.service"],
  });
});

test("wanted units: a name that is none of a unit is left out, since systemctl refuses it", () => {
  assert.deepEqual(
    wantedOf([], { "a.target.wants/.keep": "x", "a.target.wants/a b.service": "x" }),
    {},
  );
});
