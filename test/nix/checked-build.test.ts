import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { parseConfig } from "../../src/core/config/parse-config.ts";
import { repository } from "../test-host/paths.ts";
import { about } from "./pkgs/about.ts";
import { nixTest } from "./pkgs/nix-test.ts";
import { enabled } from "./view.ts";

/** The configuration file of a host with the real package, for Nix to build. */
function configFile(options: string, platform = "{ }"): string {
  return about(`let inherit (pkgs) lib; in (import ${repository}/test/nix/evaluator/nixos.nix {
    inherit lib;
    pkgs = pkgs // { stdenv = pkgs.stdenv // ${platform}; };
    modules = [ ${repository}/nix/module.nix ${enabled(options)} ];
  }).config.services.deployFinalize.configFile`);
}

nixTest("the module's file is built when check-config takes it", async (nix) => {
  const path = await nix.build(configFile("delay = 5;"));
  assert.match(path, /\/\w+-deploy-finalize\.json$/);
  assert.equal(parseConfig(readFileSync(path, "utf8"), path).delay, 5);
});

nixTest("the build of the module's file fails with every problem", async (nix) => {
  const wrong = `profile = "system"; settings.newKey = 1; verify.checks = [ { kind = "tcp"; host = "x"; } ];`;
  const building = nix.build(configFile(wrong));
  await assert.rejects(building, (error: unknown) => {
    const said = String(error);
    for (const problem of [
      "services.deployFinalize.profile: must be an absolute path",
      "services.deployFinalize.verify.checks.0.port is missing",
      "unknown key services.deployFinalize.newKey. Known keys: ",
      "What services.deployFinalize.settings sets is named here without .settings.",
    ]) {
      assert.ok(said.includes(problem), `${problem} in ${said}`);
    }
    return true;
  });
});

nixTest("the module's file is not checked when cross-compiling", async (nix) => {
  const foreign = "{ buildPlatform.canExecute = platform: platform != { }; }";
  const path = await nix.build(configFile(`profile = "system";`, foreign));
  assert.deepEqual(JSON.parse(readFileSync(path, "utf8")).profile, "system");
});
