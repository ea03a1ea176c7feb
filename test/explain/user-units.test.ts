import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT_CONFIG } from "../../src/core/config/defaults.ts";
import { forgeRunOf } from "../../src/core/config/forge-run.ts";
import { aboutUserRunners, explainUserUnits, userUnitOf } from "../../src/explain/user-units.ts";
import { EdgeHost } from "../support/edge-host.ts";
import { makeToplevel } from "../support/systems.ts";

/** A host with two systems; their user units are written as needed. */
class TwoSystems extends EdgeHost {
  readonly target = makeToplevel(this.folder, "new");

  constructor() {
    super();
    this.folder.link("run/current-system", makeToplevel(this.folder, "old"));
  }

  unit(system: "old" | "new", name: string, program: string, folder = "user"): void {
    const text = `[Service]\nExecStart=${program}\n`;
    this.folder.write(`store/${system}/etc/systemd/${folder}/${name}`, text);
  }

  userManager(): void {
    this.folder.write("sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/x", "");
    this.folder.write("run/systemd/users/1000", "NAME=anna\n");
  }
}

test("changed user units are named if a user manager runs", () => {
  using host = new TwoSystems();
  host.unit("old", "same.service", "/a");
  host.unit("new", "same.service", "/a");
  host.unit("old", "sync.service", "/a");
  host.unit("new", "sync.service", "/b");
  host.unit("old", "gone.service", "/a");
  host.unit("new", "fresh.service", "/a");
  assert.equal(explainUserUnits(host, host.target), null);
  host.userManager();
  assert.deepEqual(explainUserUnits(host, host.target), {
    users: ["anna"],
    stop: ["gone.service"],
    restart: ["sync.service"],
    reload: [],
    keep: [],
  });
});

test("a configured runner that is only a user unit is warned about", () => {
  using host = new TwoSystems();
  const runner = { unit: "runner.service", detect: { kind: "processes", pattern: "x" } } as const;
  const waitFor = { ...DEFAULT_CONFIG.waitFor, runners: [runner] };
  const warn = (): string[] =>
    aboutUserRunners(host, { ...DEFAULT_CONFIG, waitFor }, host.target, null).map(
      ({ kind, text }) => `${kind}: ${text}`,
    );
  assert.deepEqual(warn(), []);
  host.unit("new", "runner.service", "/a");
  assert.match(
    warn().join("\n"),
    /^runner-in-user-manager: the CI runner runner\.service is a unit/,
  );
  host.unit("new", "runner.service", "/a", "system");
  assert.deepEqual(warn(), []);
});

test("a job whose runner is a user unit is warned about, and only a job", () => {
  using host = new TwoSystems();
  const group = "/user.slice/user-1000.slice/user@1000.service/app.slice/runner.service";
  host.folder.write("proc/self/cgroup", `0::${group}\n`);
  const run = forgeRunOf({ GITEA_ACTIONS: "true", GITHUB_ACTIONS: "true", CI: "true" });
  assert.ok(run !== null);
  assert.deepEqual(aboutUserRunners(host, DEFAULT_CONFIG, host.target, null), []);
  const warnings = aboutUserRunners(host, DEFAULT_CONFIG, host.target, run);
  assert.match(
    warnings[0]?.text ?? "",
    /of this job, runner\.service, is a unit of a user manager/,
  );
  assert.equal(userUnitOf("0::/system.slice/runner.service\n"), null);
  assert.equal(userUnitOf("0::/user.slice/user-1000.slice/session-1.scope\n"), null);
});
