// Writes V8's code cache, twice (launch.ts), beside the bundle of `schedule`, which is started from
// it. A cache of every function takes longer to load than one of those that a run needs
// (notes/node-start.md), so one is run here: on a stand-in for a host, a folder that it takes for `/`.
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Script } from "node:vm";
import type { SpawnSyncBinding } from "../src/host/spawn-binding.ts";
import type { Bundle } from "../src/launch.ts";

const [, , file = ""] = process.argv;
const script = new Script(readFileSync(file, "latin1"), { filename: file });
const root = realpathSync(mkdtempSync(join(tmpdir(), "deploy-finalize-compile-")));
const at = (path: string): string => join(root, path);

/** What many hosts have, so that reading a configuration is compiled as well. */
const CONFIG = {
  waitFor: { runners: [{ unit: "gitea-runner-main.service", preset: "gitea-actions-runner" }] },
  verify: { checks: [{ kind: "unit", unit: "sshd.service" }] },
};

function makeFolder(path: string): void {
  mkdirSync(at(path), { recursive: true });
}

function write(path: string, text: string): void {
  makeFolder(dirname(path));
  writeFileSync(at(path), text);
}

function link(path: string, target: string): void {
  makeFolder(dirname(path));
  symlinkSync(at(target), at(path));
}

/** A host that a deploy has given another system. */
function makeHost(): void {
  for (const [number, name] of ["old", "new"].entries()) {
    const system = `nix/store/${name}-system`;
    write(`${system}/bin/switch-to-configuration`, "");
    write(`${system}/init-interface-version`, "systemd 2");
    for (const component of ["kernel", "initrd", "kernel-modules"]) {
      makeFolder(`nix/store/${name}-${component}`);
      link(`${system}/${component}`, `nix/store/${name}-${component}`);
    }
    link(`nix/var/nix/profiles/system-${number}-link`, system);
  }
  link("nix/var/nix/profiles/system", "nix/var/nix/profiles/system-1-link");
  for (const name of ["booted", "current"]) link(`run/${name}-system`, "nix/store/old-system");
  for (const folder of ["nix/var/nix/gcroots", "run/systemd/system"]) makeFolder(folder);
  write("run/systemd/transient/deploy-finalize-20260101-000000-0000.timer", "");
  write("proc/sys/kernel/random/boot_id", "7d5e8f0a-0000-4000-8000-000000000000\n");
  write("proc/self/cgroup", "0::/system.slice/sshd.service\n");
  write("config.json", JSON.stringify(CONFIG));
}

/** Makes this a process that may schedule: what it has to start succeeds, and nothing is in its PATH. */
function becomeCaller(): void {
  const empty = Buffer.alloc(0);
  const binding: SpawnSyncBinding = {
    spawn: () => ({ status: 0, signal: null, output: [null, empty, empty] }),
  };
  const options = ["--config", at("config.json"), "--state-dir", at("state"), "--delay", "1d"];
  const profile = ["--profile", at("nix/var/nix/profiles/system")];
  Object.assign(process, {
    argv: ["node", "deploy-finalize.cjs", ...options, ...profile],
    execPath: "/bin/node",
    env: { PATH: at("bin") },
    getuid: () => 0,
    binding: () => binding,
  });
}

process.on("exit", (exitCode) => {
  rmSync(root, { recursive: true });
  // Where it was refused, its message says why, and the build fails.
  if (exitCode !== 0) return;
  const code = script.createCachedData();
  writeFileSync(file.replace(/\.cjs$/, `.${process.arch}.cache`), Buffer.concat([code, code]));
});
makeHost();
becomeCaller();
const run: Bundle = script.runInThisContext();
run(createRequire(import.meta.url), root);
