import assert from "node:assert/strict";
import { test } from "node:test";
import { decide, DEFAULT_REBOOT_WHEN_CHANGED } from "../../../src/core/decision/decision.ts";
import { findToplevel, viewSystem } from "../../../src/host/nixos/toplevel.ts";
import { Folder } from "../../support/folder.ts";
import { makeToplevel } from "../../support/systems.ts";

const NAMES: string[] = [...DEFAULT_REBOOT_WHEN_CHANGED];

async function decideBetween(booted: string, target: string, names = NAMES) {
  const [bootedView, targetView] = [
    await viewSystem(booted, names),
    await viewSystem(target, names),
  ];
  return decide(names, { booted: bootedView, current: bootedView, target: targetView });
}

test("toplevel: a profile that is a link to a link", () => {
  using folder = new Folder();
  const toplevel = makeToplevel(folder, "nixos-1");
  folder.link("profiles/system-1-link", toplevel);
  folder.link("profiles/system", "system-1-link");
  assert.deepEqual(findToplevel(folder.at("profiles/system")), { kind: "toplevel", toplevel });
});

test("toplevel: a deploy-rs style wrapped profile leads to the real one", async () => {
  using folder = new Folder();
  const old = makeToplevel(folder, "old", { kernel: "k1", initrd: "i1", "kernel-modules": "m1" });
  const real = makeToplevel(folder, "new", { kernel: "k2", initrd: "i1", "kernel-modules": "m1" });
  for (const part of [...NAMES, "init-interface-version", "bin/switch-to-configuration"]) {
    folder.link(`store/activatable/${part}`, `${real}/${part}`);
  }
  const wrapped = folder.link("profiles/system", folder.at("store/activatable"));
  assert.deepEqual(findToplevel(wrapped), { kind: "toplevel", toplevel: real });
  assert.equal((await decideBetween(old, wrapped)).action, "reboot");
  assert.equal((await decideBetween(real, wrapped)).action, "switch");
});

test("toplevel: a regular file of a wrapped profile is compared by content, not by its link", async () => {
  using folder = new Folder();
  const names = [...NAMES, "kernel-params"];
  const [old, real] = [makeToplevel(folder, "old"), makeToplevel(folder, "new")];
  for (const name of ["old", "new"]) folder.write(`store/${name}/kernel-params`, "quiet");
  for (const part of [...names, "init-interface-version", "bin/switch-to-configuration"]) {
    folder.link(`store/activatable/${part}`, `${real}/${part}`);
  }
  assert.equal((await decideBetween(old, folder.at("store/activatable"), names)).action, "switch");
  folder.write("store/new/kernel-params", "debug");
  const changed = await decideBetween(old, folder.at("store/activatable"), names);
  assert.ok(changed.action === "reboot" && changed.reason === "kernel-params changed");
});

test("toplevel: relative links and names with spaces resolve like any other", async () => {
  using folder = new Folder();
  const toplevel = makeToplevel(folder, "nix os");
  folder.link("store/nix os/kernel params", "../k1/file");
  const view = await viewSystem(toplevel, ["kernel params"]);
  assert.deepEqual(view.components["kernel params"], {
    kind: "path",
    path: folder.at("store/k1/file"),
  });
});

test("toplevel: what is missing, dangling or going round in circles is seen as that", async () => {
  using folder = new Folder();
  const toplevel = makeToplevel(folder, "nixos", {});
  folder.link("store/nixos/initrd", "/nowhere/initrd");
  folder.link("store/nixos/kernel-modules", "kernel-modules");
  const { components } = await viewSystem(toplevel, NAMES);
  assert.deepEqual(components, {
    kernel: { kind: "missing" },
    initrd: { kind: "dangling", link: "/nowhere/initrd" },
    "kernel-modules": { kind: "dangling", link: "kernel-modules" },
  });
});

test("toplevel: absent, dangling and foreign profiles are told apart", () => {
  using folder = new Folder();
  folder.link("dangling", "/nowhere");
  folder.write("foreign/file", "");
  assert.equal(findToplevel(folder.at("absent")).kind, "absent");
  assert.equal(findToplevel(folder.at("dangling")).kind, "dangling");
  assert.equal(findToplevel(folder.at("foreign")).kind, "not-nixos");
  assert.equal(findToplevel(folder.at("foreign/file")).kind, "not-nixos");
});

const inhibitorFiles: [string, string][] = [
  ['{"dbus": "broker"}', "present"],
  ["{}", "present"],
  ['{"nested": {"a": 1}}', "present"],
  ["[]", "unreadable"],
  ["null", "unreadable"],
  ["{", "unreadable"],
  ["", "unreadable"],
];
for (const [text, kind] of inhibitorFiles) {
  test(`toplevel: switch-inhibitors ${JSON.stringify(text)} is ${kind}`, async () => {
    using folder = new Folder();
    const toplevel = makeToplevel(folder, "nixos");
    folder.write("store/nixos/switch-inhibitors", text);
    assert.equal((await viewSystem(toplevel, [])).inhibitors.kind, kind);
  });
}
