import assert from "node:assert/strict";
import { test } from "node:test";
import { findOldCode } from "../../src/checks/old-code.ts";
import type { Host } from "../../src/host/process/host.ts";
import { EdgeHost } from "../support/edge-host.ts";
import { makeToplevel } from "../support/systems.ts";

const OLD = `/nix/store/${"a".repeat(32)}-web-1`;
const NEW = `/nix/store/${"b".repeat(32)}-web-2`;

/** A host whose web.service runs an old program; `held` keeps it from being restarted. */
class SeenHost extends EdgeHost {
  readonly running = makeToplevel(this.folder, "new");
  readonly before = makeToplevel(this.folder, "old");

  constructor() {
    super();
    this.folder.link("run/current-system", this.running);
    this.folder.link("run/booted-system", this.running);
    const unit = "etc/systemd/system/web.service";
    this.folder.write(`store/new/${unit}`, "[Service]\nX-RestartIfChanged=false\n");
    this.folder.write("run/systemd/users/1000", "UID=1000\nNAME=anna\n");
    this.process(12, `${OLD}/bin/web`, "/system.slice/web.service");
    this.answers[`nix-store --query --requisites -- ${this.running}`] = { stdout: `${NEW}\n` };
    this.answers[`nix-store --query --requisites -- ${this.before}`] = {
      stdout: `${OLD}\n${NEW}\n`,
    };
  }

  process(id: number, program: string, group: string): void {
    this.folder.link(`proc/${id}/exe`, program);
    this.folder.write(`proc/${id}/cgroup`, `0::${group}\n`);
  }

  async find(mostMs?: number) {
    const systems = { profile: this.folder.at("profiles/system"), before: this.before };
    return await findOldCode(this, systems, new AbortController().signal, mostMs);
  }
}

test("a program of the previous system is old code, with the reason from the unit file", async () => {
  using host = new SeenHost();
  host.process(13, `${NEW}/bin/web`, "/system.slice/fine.service");
  host.process(14, `${OLD}/bin/web`, "/user.slice/user-1000.slice/session-1.scope");
  const [why, session] = ["restartIfChanged = false", "user session of anna"];
  const whyNot = "the processes of a user session are not restarted";
  assert.deepEqual(await host.find(), {
    kind: "known",
    units: [
      { unit: session, why: whyNot, processes: 1, paths: [OLD] },
      { unit: "web.service", why, processes: 1, paths: [OLD] },
    ],
    more: 0,
  });
});

test("an old library and an old script are old code too", async () => {
  using host = new SeenHost();
  host.folder.remove("proc/12");
  host.process(12, `${NEW}/bin/web`, "/system.slice/a.service");
  host.process(13, `${NEW}/bin/python3`, "/system.slice/b.service");
  host.answers["grep --with-filename --no-messages --text --color=never --extended-regexp"] = {
    stdout: `/proc/12/maps:7f00-7f01 r-xp 00000000 fe:01 99   ${OLD}/lib/libweb.so\n`,
  };
  host.answers["grep --with-filename --no-messages --text --color=never --null-data"] = {
    stdout: `/proc/13/cmdline:1:python3\0/proc/13/cmdline:2:${OLD}/bin/app\0`,
  };
  const seen = await host.find();
  assert.ok(seen.kind === "known");
  assert.deepEqual(
    seen.units.map(({ unit }) => unit),
    ["a.service", "b.service"],
  );
});

test("the same path in the store of a container is no old code of this host", async () => {
  using host = new SeenHost();
  const inside = host.folder.at(`proc/12/root${OLD}`);
  host.answers["stat"] = { exitCode: 1, stdout: `7:1 ${inside}\n8:1 ${OLD}\n` };
  assert.deepEqual(await host.find(), { kind: "known", units: [], more: 0 });
  host.answers["stat"] = { stdout: `8:1 ${inside}\n8:1 ${OLD}\n` };
  const seen = await host.find();
  assert.equal(seen.kind === "known" && seen.units.length, 1);
});

test("code of no known system is old only in the main process of a configured service", async () => {
  using host = new SeenHost();
  const program = `/nix/store/${"c".repeat(32)}-web-0`;
  host.folder.remove("proc/12");
  host.process(12, `${program}/bin/web`, "/system.slice/web.service");
  host.process(13, `${program}/bin/web`, "/system.slice/shell.service");
  host.showUnits({ "web.service": { MainPID: "12" }, "shell.service": { MainPID: "13" } });
  const seen = await host.find();
  assert.ok(seen.kind === "known");
  assert.deepEqual(
    seen.units.map(({ unit, paths }) => [unit, paths]),
    [["web.service", [program]]],
  );
});

test("what cannot be examined is unknown, with the reason in one line", async () => {
  using host = new SeenHost();
  host.answers["nix-store"] = { exitCode: 1, stderr: "error: path is\nnot valid\u001B[0m" };
  for (const key of Object.keys(host.answers)) {
    if (key.startsWith("nix-store --query")) delete host.answers[key];
  }
  const seen = await host.find();
  assert.ok(seen.kind === "unknown");
  assert.match(seen.why, /^nix-store ended with exit code 1: error: path is; not valid/);
  assert.doesNotMatch(seen.why, /\p{Cc}/u);
  host.answers["nix-store"] = { exitCode: 0 };
  host.answers["grep"] = { exitCode: null, cause: "is not there" };
  assert.deepEqual(await host.find(), { kind: "unknown", why: "grep is not there" });
  host.folder.remove("proc");
  assert.equal((await host.find()).kind, "unknown");
});

/** Programs that hang until they are killed. */
const hanging: Host["spawn"] = async (argv, { signal } = {}) =>
  await new Promise((resolve) => {
    signal?.addEventListener("abort", () => {
      resolve({ argv, exitCode: null, cause: "was killed", stdout: "", stderr: "" });
    });
  });

test("what takes too long is given up", async () => {
  using host = new SeenHost();
  host.spawn = hanging;
  assert.deepEqual(await host.find(50), { kind: "unknown", why: "it took longer than 0.05 s" });
});
