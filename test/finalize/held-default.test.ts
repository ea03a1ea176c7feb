import assert from "node:assert/strict";
import { test } from "node:test";
import { end } from "../../src/core/record/record.ts";
import { removeVariable, setVariable } from "../boot/loaders.ts";
import { OperatedHost } from "../cli/operating.ts";
import { aRecord } from "../support/records.ts";
import { makeToplevel } from "../support/systems.ts";

/** A trial whose default was held has ended; the loader's file names the system installed last. */
function endedTrial(host: OperatedHost, installed: "target" | "another"): string {
  const target = makeToplevel(host.folder, "target");
  const another = makeToplevel(host.folder, "another");
  host.setProfile(installed === "target" ? target : another);
  for (const [name, toplevel] of [
    ["a.conf", host.booted],
    ["b.conf", target],
    ["c.conf", another],
  ] as const) {
    const text = `title NixOS\nlinux /k.efi\noptions init=${toplevel}/init\n`;
    host.folder.write(`boot/loader/entries/${name}`, text);
  }
  const file = installed === "target" ? "b.conf" : "c.conf";
  host.folder.write("boot/loader/loader.conf", `default ${file}\n`);
  host.folder.write("boot/loader/deploy-finalize.default", "a.conf");
  setVariable(host, "LoaderInfo", "systemd-boot 257.9");
  setVariable(host, "LoaderEntryDefault", "a.conf");
  const { spawn } = host;
  host.spawn = async (argv, options) => {
    if (argv.includes("set-default")) removeVariable(host, "LoaderEntryDefault");
    return await spawn(argv, options);
  };
  const profile = host.folder.at("profiles/system");
  const record = aRecord({ profile, target, previous: host.booted, rebootAskedInBoot: "boot-0" });
  const reason = "another system was activated meanwhile";
  // Pinned until it has cleaned up.
  host.folder.link(`nix/var/nix/gcroots/deploy-finalize/${record.id}-target`, target);
  return host.save(end(record, "failed", new Date(host.time), { reason })).id;
}

for (const [installed, wanted] of [
  ["another", ["bootctl set-default "]],
  ["target", []],
] as const) {
  test(`the end of a trial, with ${installed} installed last, releases ${wanted.length} holds`, async () => {
    using host = new OperatedHost();
    const id = endedTrial(host, installed);
    const { stderr } = await host.operate("run", id);
    const released = host.ran.filter((argv) => argv.includes("set-default"));
    assert.deepEqual(
      released.map((argv) => argv.join(" ")),
      wanted,
      stderr,
    );
    assert.equal(
      /the next boot starts .*another, which was installed/.test(stderr),
      wanted.length > 0,
      stderr,
    );
  });
}
