import assert from "node:assert/strict";
import { test } from "node:test";
import { makeBootDefault, prepareBoot, setPermanentDefault } from "../../src/boot/boot-default.ts";
import { findLoader } from "../../src/boot/detect.ts";
import type { Loader } from "../../src/boot/loader.ts";
import { defaultEntry, type Wishes } from "../../src/boot/systemd-boot/default-entry.ts";
import { type Entry, parseEntries } from "../../src/boot/systemd-boot/entries.ts";
import type { EdgeHost } from "../support/edge-host.ts";
import { makeToplevel } from "../support/systems.ts";
import { LISTED, LISTED_252 } from "./bootctl-output.ts";
import { entry, NEW, OLD, PROFILE, setVariable, systemdBootHost } from "./loaders.ts";

async function found(host: EdgeHost, toplevel = NEW): Promise<Loader> {
  const loader = await findLoader(host, { profile: PROFILE, toplevel });
  assert.ok(loader.kind === "found", JSON.stringify(loader));
  return loader.loader;
}

for (const [version, output] of [
  ["252", LISTED_252],
  ["257 and 262", LISTED],
] as const) {
  test(`bootctl list of ${version}: files, unified kernel images and counters`, () => {
    const entries = parseEntries(output);
    assert.deepEqual(
      entries.map(({ id, toplevel, triesLeft }) => [id, toplevel, triesLeft]),
      [
        ["nixos-generation-2.efi", NEW, null],
        ["nixos-generation-1.conf", OLD, 2],
        ["memtest.conf", null, null],
      ],
    );
    assert.equal(entries[0]?.files[0], "/boot/EFI/Linux/nixos-generation-2.efi");
  });
}

test("bootctl list: what it does not print is no entry", () => {
  for (const output of ["", "[]\n", "null", "{", '[{"title":"x"}]']) {
    assert.deepEqual(parseEntries(output), []);
  }
});

// The entry that boots by default.

const NOBODY: Wishes = {
  variables: { preferred: null, default: null },
  file: { preferred: null, default: null },
};

function one(id: string, triesLeft: number | null = null): Entry {
  return { id, toplevel: `/nix/store/${id}`, triesLeft, parameters: "", files: [] };
}

const MENU = [one("nixos-3.efi"), one("nixos-2.conf"), one("nixos-1.conf"), one("other.conf")];

function byDefault(file: string | null, wishes: Partial<Wishes> = {}, list = MENU): string {
  const asked = { ...NOBODY, file: { preferred: null, default: file }, ...wishes };
  const end = defaultEntry({ list, order: "menu" }, asked);
  return end.kind === "entry" ? end.entry.id : end.why;
}

test("systemd-boot boots the entry that is named, by the strongest word, or the first one", () => {
  assert.equal(byDefault("nixos-1.conf"), "nixos-1.conf");
  assert.equal(byDefault("nixos-1"), "nixos-1.conf", "old versions of NixOS leave .conf out");
  assert.equal(byDefault("NixOS-[12].conf"), "nixos-2.conf", "the first that matches");
  assert.equal(byDefault("nixos-?.conf"), "nixos-2.conf");
  assert.equal(byDefault("*"), "nixos-3.efi");
  assert.equal(byDefault(null), "nixos-3.efi");
  assert.equal(byDefault("gone.conf"), "nixos-3.efi");
  assert.match(byDefault("@saved"), /its default is @saved/);
  const file = { preferred: "nixos-1.conf", default: "nixos-2.conf" };
  const variables = { preferred: "nixos-2.conf", default: "nixos-3.efi" };
  assert.equal(byDefault(null, { file }), "nixos-1.conf");
  assert.equal(
    byDefault(null, { file, variables: { ...variables, preferred: null } }),
    "nixos-3.efi",
  );
  assert.equal(byDefault(null, { file, variables }), "nixos-2.conf");
});

test("systemd-boot: an entry without tries is passed by, unless it is the default by name", () => {
  const list = [one("a.conf", 0), one("b.conf")];
  assert.equal(byDefault(null, {}, list), "b.conf");
  assert.equal(byDefault("a.conf", {}, list), "a.conf");
  assert.equal(byDefault(null, { file: { preferred: "a.conf", default: null } }, list), "b.conf");
});

test("systemd-boot: without the order of the menu only a name tells the default", () => {
  const entries = { list: MENU, order: "unknown" } as const;
  for (const file of [null, "nixos-*.conf"]) {
    const end = defaultEntry(entries, { ...NOBODY, file: { preferred: null, default: file } });
    assert.equal(end.kind, "unknown");
  }
});

// On a host.

/** As `bootctl list` prints them, in this order. */
function printed(...entries: readonly (readonly [id: string, toplevel: string])[]): {
  readonly stdout: string;
} {
  const objects = entries.map(([id, toplevel]) => ({ id, options: `init=${toplevel}/init` }));
  return { stdout: JSON.stringify(objects) };
}

test("deploy-rs deletes the default: the target is booted once all the same", async () => {
  using host = systemdBootHost();
  host.folder.write("boot/loader/loader.conf", "timeout 5\n");
  host.answers["bootctl --json=short list"] = printed(
    ["nixos-2222.conf", NEW],
    ["nixos-1111.conf", OLD],
  );
  assert.equal((await found(host)).bootDefault, NEW, "the newest one boots");
  const next = { profile: PROFILE, toplevel: NEW, previous: OLD, obstacle: null } as const;
  const plan = { ...next, fallback: "require", atProblem: "refuse" } as const;
  assert.equal(await prepareBoot(host, plan), null);
  const { bootDefault, oneShot, isHeld } = await found(host);
  assert.deepEqual([bootDefault, oneShot, isHeld], [OLD, NEW, false]);
});

test("lanzaboote boots the newest generation: the previous one is held as the default for the trial", async () => {
  using host = systemdBootHost();
  const [target, previous] = [makeToplevel(host.folder, "new"), makeToplevel(host.folder, "old")];
  const profile = host.folder.link("profiles/system", target);
  host.folder.write("boot/loader/loader.conf", "timeout 5\ndefault nixos-*\n");
  const menu: (readonly [string, string])[] = [
    ["nixos-generation-2.efi", target],
    ["nixos-generation-1.efi", previous],
  ];
  host.answers["bootctl --json=short list"] = () => printed(...menu);
  const look = async () => {
    const { bootDefault, oneShot } = await found(host, target);
    return [bootDefault, oneShot];
  };
  const plan = { profile, toplevel: target, previous, obstacle: null } as const;
  const next = { ...plan, fallback: "require", atProblem: "refuse" } as const;
  assert.equal(await prepareBoot(host, next), null);
  assert.deepEqual(await look(), [previous, target]);
  // Back: the previous system has to be the newest generation, else the rejected one boots.
  host.folder.remove("profiles/system");
  host.folder.link("profiles/system", previous);
  host.answers["nix-env"] = () => {
    menu.unshift(["nixos-generation-3.efi", previous]);
    return {};
  };
  assert.equal(await makeBootDefault(host, { profile, toplevel: previous, other: target }), null);
  assert.deepEqual(await look(), [previous, null]);
  assert.equal((await found(host, target)).isHeld, false);
  assert.deepEqual(
    host.ran.filter(([program]) => program === "nix-env"),
    [["nix-env", "--profile", profile, "--set", previous]],
  );
});

test("systemd-boot reads loader.conf of the EFI system partition, not that of the extended one", async () => {
  using host = systemdBootHost();
  host.folder.write("boot/loader/loader.conf", "default nixos-1111.conf\n");
  host.folder.write("efi/loader/loader.conf", "default nixos-1111.conf\n");
  host.answers["bootctl --print-esp-path"] = { stdout: `${host.folder.at("efi")}\n` };
  host.answers[`${NEW}/bin/switch-to-configuration boot`] = () => {
    host.folder.write("efi/loader/loader.conf", "default nixos-2222.conf\n");
    return {};
  };
  const wanted = { profile: PROFILE, toplevel: NEW, other: OLD };
  assert.equal(await setPermanentDefault(host, wanted), null);
  host.answers["bootctl --print-esp-path"] = { exitCode: 1, stderr: "not found" };
  assert.equal((await found(host)).bootDefault, null, "of two files neither is believed");
});

test("systemd-boot: an entry that cannot boot its system is found before the reboot", async () => {
  using host = systemdBootHost();
  const target = makeToplevel(host.folder, "new");
  host.folder.write("store/new/kernel-params", "panic=10 quiet\n");
  const problem = async () => (await found(host, target)).problemOf(target);
  entry(host, "nixos-2222.conf", target);
  assert.match(
    (await problem()) ?? "",
    /its entry nixos-2222\.conf was edited: it has no panic=10/,
  );
  host.folder.write("store/new/kernel-params", "loglevel=4\n");
  assert.equal(await problem(), null);
  host.folder.remove("boot/EFI/nixos/k.efi");
  assert.match((await problem()) ?? "", /names .*k\.efi, which does not exist/);
});

test("systemd-boot: LoaderEntryPreferred hides what an installer writes", async () => {
  using host = systemdBootHost();
  setVariable(host, "LoaderEntryPreferred", "nixos-1111.conf");
  const { bootDefault, obstacle } = await found(host);
  assert.equal(bootDefault, OLD);
  assert.match(obstacle ?? "", /LoaderEntryPreferred .*remove it: bootctl set-preferred ""/);
});
