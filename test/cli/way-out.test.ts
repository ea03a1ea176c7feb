import assert from "node:assert/strict";
import { test } from "node:test";
import { makeToplevel } from "../support/systems.ts";
import { OperatedHost } from "./operating.ts";

const FLEET = {
  lock: { backend: "etcd", endpoints: ["http://127.0.0.1:9"], group: "web" },
  fleet: { wave: 1 },
};

/** A host whose deploys have no name for their rollout, so that each is refused. */
class RefusingHost extends OperatedHost {
  readonly target = makeToplevel(this.folder, "new");
  readonly older = makeToplevel(this.folder, "older");

  constructor() {
    super();
    this.setProfile(this.target);
    const profile = this.folder.at("profiles/system");
    this.folder.write("config.json", JSON.stringify({ profile, ...FLEET }));
    this.ends[`${this.target}/sw/bin/nixos-version`] = { exitCode: 1 };
  }

  async refusal(): Promise<string> {
    const { exitCode, stderr } = await this.operate("schedule");
    assert.equal(exitCode, 1);
    assert.match(stderr, /has no name for one/);
    return stderr;
  }
}

const MAY_BOOT = /the next boot may start this deploy, unless its deployer sets the profile back/;
const UNDO = /deploy-finalize undo/;

test("a refused deploy: undo sets it back", async () => {
  using host = new RefusingHost();
  host.save({ state: "live", target: host.booted });
  assert.match(await host.refusal(), /sets the profile back\. To do that: deploy-finalize undo$/m);
});

test("a refused deploy of the generation whose specialisation runs: there is nothing to undo", async () => {
  using host = new RefusingHost();
  const night = makeToplevel(host.folder, "night");
  host.folder.link("store/new/specialisation/night", night);
  host.folder.remove("run/current-system");
  host.folder.link("run/current-system", night);
  const stderr = await host.refusal();
  assert.doesNotMatch(stderr, MAY_BOOT);
});

test("a refused deploy while the one before it waits: undo would give up both", async () => {
  using host = new RefusingHost();
  host.save({ state: "waiting", target: host.older });
  const stderr = await host.refusal();
  assert.match(stderr, MAY_BOOT);
  assert.doesNotMatch(stderr, UNDO);
});

test("a refused deploy while a put-off reboot of the running system waits: undo keeps that", async () => {
  using host = new RefusingHost();
  host.save({ state: "waiting", target: host.booted });
  assert.match(await host.refusal(), UNDO);
});

for (const state of ["waiting", "rebooting"] as const) {
  test(`a second call for a deploy that is ${state}: the boot default is that of the first`, async () => {
    using host = new RefusingHost();
    host.save({ state, target: host.target });
    assert.doesNotMatch(await host.refusal(), MAY_BOOT);
  });
}
