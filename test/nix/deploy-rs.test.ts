import assert from "node:assert/strict";
import { join } from "node:path";
import { repository } from "../test-host/paths.ts";
import { nixTest } from "./pkgs/nix-test.ts";

/** A host's configuration as far as the helper looks at it. */
const CONFIG = `{
  networking.hostName = "web";
  services.deployFinalize.enable = true;
  boot.loader.systemd-boot.enable = true;
  boot.loader.efi.efiSysMountPoint = "/efi";
  system.build.toplevel = "/store/toplevel";
  system.build.deployFinalize = { outPath = "/store/wrapper"; meta.mainProgram = "deploy-finalize"; };
}`;

/** The helper called with a stand-in of deploy-rs that gives back what it was called with. */
function activation(
  change = "{ }",
  deployRs = "deployRs",
  config = `(config // ${change})`,
): string {
  return `let
    helper = import ${join(repository, "nix/deploy-rs.nix")} { lib = import ${join(repository, "test/nix/pkgs/lib.nix")}; };
    deployRs.activate.custom.__functor = self: base: activate: {
      inherit base activate;
      inherit (self) boot dryActivate;
    };
    config = ${CONFIG};
    pkgs.gnused = "/store/gnused";
  in helper.activate ${deployRs} { config = ${config}; inherit pkgs; }`;
}

nixTest("deploys: boot default, systemd-boot's default entry, then the program", async (nix) => {
  const value = await nix.evaluate(`(${activation()}).activate`);
  assert.deepEqual(commands(value), [
    "cd /tmp",
    '"$PROFILE/bin/switch-to-configuration" boot',
    "if [ -e /efi/loader/loader.conf ]; then /store/gnused/bin/sed -i '/^default /d' /efi/loader/loader.conf; fi",
    '/store/wrapper/bin/deploy-finalize --profile "$PROFILE" || [ $? = 4 ]',
  ]);
  assert.equal(await nix.evaluate(`(${activation()}).base`), "/store/toplevel");
});

nixTest("with BOOT=1 it makes the boot default and schedules nothing", async (nix) => {
  const value = await nix.evaluate(`(${activation()}).boot`);
  const all = await nix.evaluate(`(${activation()}).activate`);
  assert.deepEqual(commands(value), commands(all).slice(0, -1));
});

nixTest("with DRY_ACTIVATE=1 it shows what would happen, both parts in any case", async (nix) => {
  const value = await nix.evaluate(`(${activation()}).dryActivate`);
  assert.deepEqual(commands(value), [
    "cd /tmp",
    "status=0",
    '"$PROFILE/bin/switch-to-configuration" dry-activate || status=$?',
    '/store/wrapper/bin/deploy-finalize explain --profile "$PROFILE" || status=$?',
    'exit "$status"',
  ]);
});

nixTest("another boot loader has no entry to put right", async (nix) => {
  const grub = "{ boot.loader.systemd-boot.enable = false; }";
  const value = await nix.evaluate(`(${activation(grub)}).activate`);
  assert.deepEqual(commands(value), [
    "cd /tmp",
    '"$PROFILE/bin/switch-to-configuration" boot',
    '/store/wrapper/bin/deploy-finalize --profile "$PROFILE" || [ $? = 4 ]',
  ]);
});

const mistakes: readonly (readonly [what: string, expression: string, says: RegExp])[] = [
  [
    "deploy-finalize is not enabled",
    activation("{ services.deployFinalize.enable = false; }"),
    /web has no services\.deployFinalize\.enable = true[^]*nixosModules\.default/,
  ],
  [
    "the module is not imported",
    activation("{ services = { }; }"),
    /web has no services\.deployFinalize\.enable = true/,
  ],
  [
    "deploy-rs itself instead of its lib",
    activation("{ }", "{ }"),
    /first argument has no activate\.custom\. Give it deploy-rs\.lib\.<system>/,
  ],
  [
    "no NixOS configuration",
    activation("{ }", "deployRs", "{ }"),
    /second argument has no config\.system\.build\.toplevel\. Give it a whole NixOS configuration/,
  ],
];

for (const [what, expression, says] of mistakes) {
  nixTest(`refuses, and says what to do: ${what}`, async (nix) => {
    assert.match(await nix.refusal(`(${expression}).activate`), says);
  });
}

/** The commands of a shell text, without indentation and empty lines. */
function commands(text: unknown): string[] {
  assert.ok(typeof text === "string");
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}
