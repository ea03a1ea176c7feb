import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Folder } from "../support/folder.ts";
import { realTest } from "../test-host/host-test.ts";
import { hostsFolder, repository } from "../test-host/paths.ts";
import { run } from "../test-host/spawn.ts";
import { until } from "../test-host/until.ts";
import { stepsOf } from "./readme.ts";
import { missingFrom } from "./shows.ts";
import { Terminal } from "./terminal.ts";

const program = join(import.meta.dirname, "try.ts");
const argv = [process.execPath, program];

/** Whose name begins like this is a host of this file, and not of somebody who plays with one. */
const ours = `try-test-${process.pid}`;
process.env["TRY_HOST"] = ours;

function hosts(): string[] {
  return existsSync(hostsFolder)
    ? readdirSync(hostsFolder).filter((name) => name.startsWith(ours))
    : [];
}

/** Waits until no host is left. */
async function left(): Promise<void> {
  await until("no host of make try is left", () => hosts().length === 0);
}

realTest("a newcomer copies the README's commands, and has finalized a deploy", async () => {
  const readme = readFileSync(join(repository, "README.md"), "utf8");
  const [first, ...typed] = stepsOf(readme, "Try it without a NixOS host");
  assert.equal(first?.where, "outside");
  using terminal = new Terminal(first.command);
  await terminal.prompt();
  assert.equal(missingFrom(terminal.text, first.shown), undefined, terminal.text);
  for (const { where, command, shown } of typed) {
    assert.equal(where, "inside", command);
    const { output, exitCode } = await terminal.run(command);
    assert.equal(exitCode, 0, `${command}\n${output}`);
    assert.equal(missingFrom(output, shown), undefined, `${command}\n${output}`);
  }
  const { output } = await terminal.run("deploy-finalize status --json");
  assert.match(output, /"state":"live"/);
  terminal.type("exit\n");
  assert.equal(await terminal.ended(), 0, terminal.text);
  await left();
});

realTest("a deploy with a new kernel reboots web1, and a new shell follows", async () => {
  using terminal = new Terminal(argv.join(" "));
  await terminal.prompt();
  const { output } = await terminal.run("new-deploy --kernel; deploy-finalize explain | head -1");
  assert.match(output, /^generation 3 .* kernel 6\.12\.4, .*\nwould reboot: kernel 6\.12\.3 -> /);
  const from = terminal.text.length;
  terminal.type("deploy-finalize; deploy-finalize wait\n");
  await terminal.shows(/web1 is up again/, from);
  await terminal.prompt(from);
  assert.equal((await terminal.run("deploy-finalize wait")).exitCode, 0);
  assert.match((await terminal.run("deploy-finalize status")).output, /^✓ live: rebooted into/);
  assert.equal((await terminal.run("hostname; stty size")).output, "web1\n50 80");
  terminal.type("(exit 9)\nexit\n");
  assert.equal(await terminal.ended(), 0, terminal.text);
  await left();
});

realTest("commands on standard input are run, and their exit code is passed on", async () => {
  const stdin = "hostname\ndeploy-finalize explain | head -n 1\nnew-deploy --kernel=x; exit 7\n";
  const ended = await run(argv, { stdin });
  assert.equal(ended.exitCode, 7, ended.stderr);
  assert.equal(ended.stdout, "web1\nwould switch: services only\n");
  assert.match(ended.stderr, /^web1 is up/m);
  assert.match(ended.stderr, /new-deploy: no argument, or --kernel/);
  const long = ended.stderr.split("\n").filter((line) => line.length > 80);
  assert.deepEqual(long, []);
  await left();
});

realTest("commands on standard input go on after a reboot", async () => {
  const wait = "deploy-finalize wait | tail -n 1 | cut -d ' ' -f 2-";
  const stdin = `new-deploy --kernel; deploy-finalize >/dev/null; ${wait}\n${wait}\n`;
  const ended = await run(argv, { stdin });
  assert.equal(ended.exitCode, 0, ended.stderr);
  assert.match(ended.stdout, /^live: the target is the running system\n$/m);
  assert.match(ended.stderr, /web1 is up again/);
  await left();
});

/** A shell with a command that goes on for ever. */
class Busy implements Disposable {
  readonly child: ChildProcess = spawn(process.execPath, [program]);
  readonly exitCode = new Promise<number | null>((resolve) => this.child.on("close", resolve));
  #output = "";

  async runs(): Promise<void> {
    this.child.stdout?.on("data", (chunk: Buffer) => {
      this.#output += chunk.toString();
    });
    this.child.stdin?.write("echo busy; sleep infinity\n");
    const isBusy = (): boolean => this.#output.includes("busy");
    await until("its command runs", isBusy, { deadlineMs: 60_000 });
  }

  [Symbol.dispose](): void {
    this.child.kill("SIGKILL");
  }
}

for (const [signal, exitCode] of [
  ["SIGTERM", 143],
  ["SIGHUP", 129],
  ["SIGINT", 130],
  ["SIGKILL", null],
] as const) {
  realTest(`${signal} ends the shell and its host`, async () => {
    using busy = new Busy();
    await busy.runs();
    assert.equal(hosts().length, 1);
    busy.child.kill(signal);
    assert.equal(await busy.exitCode, exitCode);
    await left();
  });
}

realTest("a terminal that is closed leaves no host", async () => {
  using terminal = new Terminal(argv.join(" "));
  await terminal.prompt();
  terminal.type("sleep infinity\n");
  terminal.close();
  await left();
});

const BOOTS = "boots";

/** A folder for PATH in which a host boots once there is a file. */
function heldBoot(folder: Folder): string {
  const script = `until test -e ${folder.at(BOOTS)}; do sleep 0.05; done`;
  const text = `#!/bin/sh\n${script}\nexec /usr/bin/systemd-nspawn "$@"\n`;
  chmodSync(folder.write("systemd-nspawn", text), 0o755);
  return folder.path;
}

realTest("Ctrl-C ends a command of the shell, and before there is a shell, all of it", async () => {
  using terminal = new Terminal(argv.join(" "));
  await terminal.prompt();
  // Only a command that has the terminal ends: a Ctrl-C just before is bash's, which waits on.
  terminal.type("sh -c 'echo busy; exec sleep infinity'\n");
  await terminal.shows(/\nbusy\n$/);
  const from = terminal.text.length;
  terminal.type("\x03");
  await terminal.prompt(from);
  terminal.type("exit\n");
  assert.equal(await terminal.ended(), 0, terminal.text);
  using folder = new Folder();
  using early = new Terminal(`env PATH=${heldBoot(folder)}:$PATH ${argv.join(" ")}`);
  await early.shows(/booting/);
  early.type("\x03");
  // The terminal has taken it.
  await early.shows(/\^C/);
  folder.write(BOOTS, "");
  assert.equal(await early.ended(), 130, early.text);
  await left();
});
