import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import type { RebootConfig } from "../core/reboot-config.ts";
import { messageOf } from "../core/refusal.ts";
import { readIfThere } from "./durable.ts";
import type { Host } from "./host.ts";
import type { Paths } from "./paths.ts";
import { describeEnd } from "./spawn.ts";
import * as systemd from "./systemd.ts";

/**
 * Reboots into a toplevel that is the boot default. By kexec where that is wanted and the host can;
 * else through the firmware, which it says.
 *
 * @returns null once it is asked for, or why it cannot be
 */
export async function restart(
  host: Host,
  toplevel: string,
  method: RebootConfig["method"],
): Promise<string | null> {
  if (method === "reboot") return await systemd.reboot(host);
  const problem = (await loadKernel(host, toplevel)) ?? (await systemd.kexec(host));
  if (problem === null) return null;
  host.say(`no kexec: ${problem}; reboots instead`);
  return await systemd.reboot(host);
}

/** Loads what the boot loader would; resolves to null, or to why that cannot be. */
async function loadKernel(host: Host, toplevel: string): Promise<string | null> {
  const { paths } = host;
  try {
    const refusal = whyKernelRefuses(paths);
    if (refusal !== null) return refusal;
    const initrd = await prepareInitrd(host, toplevel);
    const parameters = readFileSync(join(toplevel, "kernel-params"), "utf8").trim();
    const argv = loadCommand(programIn(paths), toplevel, initrd, parameters);
    const ended = await host.spawn(argv);
    return ended.exitCode === 0 ? null : describeEnd(ended);
  } catch (error) {
    return messageOf(error);
  } finally {
    rmSync(paths.kexecInitrd, { force: true });
  }
}

/** kexec(8): what NixOS passes to the kernel, and the system to come up with. */
function loadCommand(
  program: string,
  toplevel: string,
  initrd: string,
  parameters: string,
): readonly string[] {
  const commandLine = `${parameters} init=${toplevel}/init`.trim();
  const files = [join(toplevel, "kernel"), `--initrd=${initrd}`];
  return [program, "--load", ...files, `--command-line=${commandLine}`];
}

/** Secure Boot locks the kernel down, and a sysctl forbids loading until the next boot. */
function whyKernelRefuses(paths: Paths): string | null {
  const lockdown = readIfThere(paths.lockdown) ?? "[none]";
  if (!lockdown.includes("[none]")) return `the kernel is locked down (${lockdown.trim()})`;
  if (readIfThere(paths.kexecDisabled)?.trim() === "1") {
    return "the kernel loads no other one any more (kernel.kexec_load_disabled)";
  }
  return null;
}

/** The program of the running system: it is not among those that we bring along. */
function programIn({ currentSystem }: Paths): string {
  const program = join(currentSystem, "sw/bin/kexec");
  return existsSync(program) ? program : "kexec";
}

/**
 * The initrd as the boot loader has it: NixOS adds its secrets only there, by a program of the
 * toplevel. The copy lies in memory, for root alone, and only until it is loaded.
 *
 * @throws Error where they cannot be added: without them it might not come up
 */
async function prepareInitrd(host: Host, toplevel: string): Promise<string> {
  const initrd = join(toplevel, "initrd");
  const append = join(toplevel, "append-initrd-secrets");
  if (!existsSync(append)) return initrd;
  const copy = host.paths.kexecInitrd;
  mkdirSync(dirname(copy), { recursive: true });
  // Made before it is filled: nobody else may ever read it.
  writeFileSync(copy, "", { mode: 0o600 });
  copyFileSync(initrd, copy);
  chmodSync(copy, 0o600);
  const ended = await host.spawn([append, copy]);
  if (ended.exitCode !== 0) throw new Error(describeEnd(ended));
  return copy;
}
