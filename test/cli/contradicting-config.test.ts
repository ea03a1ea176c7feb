import assert from "node:assert/strict";
import { test } from "node:test";
import { makeToplevel } from "../support/systems.ts";
import { OperatedHost } from "./operating.ts";

/** A host whose configuration an older program took. */
function contradictingHost(): OperatedHost {
  const host = new OperatedHost();
  const profile = host.folder.at("profiles/system");
  const config = { profile, verify: { ignoreFailedUnits: ["*"] } };
  host.folder.write("config.json", JSON.stringify(config));
  host.setProfile(makeToplevel(host.folder, "new"));
  return host;
}

for (const command of [["--delay", "0"], ["explain"]]) {
  test(`a configuration that nobody can mean: ${command[0]} refuses it`, async () => {
    using host = contradictingHost();
    const { exitCode, stderr } = await host.operate(...command);
    assert.deepEqual([exitCode, /ignoreFailedUnits/.test(stderr)], [2, true], stderr);
  });
}

for (const command of ["status", "history", "cancel"]) {
  test(`a configuration that nobody can mean: ${command} works`, async () => {
    using host = contradictingHost();
    host.save();
    host.units("ActiveState=active", "ActiveState=inactive");
    const { exitCode, stderr } = await host.operate(command);
    assert.equal(exitCode, 0, stderr);
  });
}
