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
import type { RebootConfig } from "../core/config/config.ts";
import { messageOf } from "../core/refusal.ts";
import { readIfThere } from "../host/files/durable.ts";
import type { Host } from "../host/process/host.ts";
import type { Paths } from "../host/files/paths.ts";
import { imageOfGrub } from "./started-by.ts";
import { describeEnd, problemOf } from "../host/process/spawn.ts";
import type { OnInhibitors } from "../host/systemd/logind/inhibitors.ts";
import * as systemd from "../host/systemd/systemd.ts";

export interface Restart {
  readonly method: RebootConfig["method"];
  /** What becomes of programs that block the shutdown; default: respected. */
  readonly inhibitors?: OnInhibitors;
  /** Called once systemd has accepted a boot that passes the boot loader by. */
  readonly onKexec?: () => Promise<void>;
}

/**
 * Reboots into a toplevel that is the boot default: by kexec if it is configured and possible, else
 * through the firmware, with a message.
 *
 * @returns null when systemd has accepted the reboot, or the problem
 */
export async function restart(
  host: Host,
  toplevel: string,
  { method, inhibitors, onKexec }: Restart,
): Promise<string | null> {
  if (method === "reboot") return await systemd.reboot(host, inhibitors);
  const unloaded = await loadKernel(host, toplevel);
  const refused = unloaded === null ? await systemd.kexec(host) : null;
  const problem = unloaded ?? refused;
  if (problem === null) {
    await onKexec?.();
    return null;
  }
  // Else a later reboot, by whoever's wish, starts it past the boot loader.
  if (refused !== null) await unloadKernel(host);
  host.say(`cannot use kexec (${problem}); reboots through the firmware`);
  return await systemd.reboot(host, inhibitors);
}

/** Unloads the kernel that was loaded for a reboot that does not come. */
export async function unloadKernel(host: Host): Promise<void> {
  if (readIfThere(host.paths.kexecLoaded)?.trim() !== "1") return;
  const problem = problemOf(await host.spawn([programIn(host.paths), "--unload"]));
  if (problem !== null) host.say(`a later reboot may start the kernel that is loaded: ${problem}`);
}

/** Loads the kernel that the boot loader would load; resolves to null, or to the problem. */
async function loadKernel(host: Host, toplevel: string): Promise<string | null> {
  const { paths } = host;
  try {
    const refusal = whyKernelRefuses(paths);
    if (refusal !== null) return refusal;
    const initrd = await prepareInitrd(host, toplevel);
    const parameters = readFileSync(join(toplevel, "kernel-params"), "utf8").trim();
    const argv = loadCommand(programIn(paths), toplevel, initrd, [
      ...wordOfGrub(paths),
      parameters,
    ]);
    const ended = await host.spawn(argv, { streams: "ends" });
    return ended.exitCode === 0 ? null : describeEnd(ended);
  } catch (error) {
    return messageOf(error);
  } finally {
    rmSync(paths.kexecInitrd, { force: true });
  }
}

/** kexec(8), with the kernel parameters of NixOS and the system to start. */
function loadCommand(
  program: string,
  toplevel: string,
  initrd: string,
  parameters: readonly string[],
): readonly string[] {
  const commandLine = [...parameters, `init=${toplevel}/init`].join(" ").trim();
  const files = [join(toplevel, "kernel"), `--initrd=${initrd}`];
  return [program, "--load", ...files, `--command-line=${commandLine}`];
}

/** The next kernel must know too which loader starts this host: GRUB says it nowhere else. */
function wordOfGrub(paths: Paths): string[] {
  const word = imageOfGrub(paths);
  return word === null ? [] : [word];
}

/** Secure Boot locks the kernel down, and a sysctl forbids loading until the next boot. */
function whyKernelRefuses(paths: Paths): string | null {
  const lockdown = readIfThere(paths.lockdown) ?? "[none]";
  if (!lockdown.includes("[none]")) return `the kernel is locked down (${lockdown.trim()})`;
  if (readIfThere(paths.kexecDisabled)?.trim() === "1") {
    return "the kernel refuses to load another one (kernel.kexec_load_disabled)";
  }
  return null;
}

/** kexec of the running system: the package does not contain it. */
function programIn({ currentSystem }: Paths): string {
  const program = join(currentSystem, "sw/bin/kexec");
  return existsSync(program) ? program : "kexec";
}

/**
 * The initrd as the boot loader has it: a program of the toplevel adds the secrets only there. The
 * copy is in memory, readable only by root, and removed when it is loaded.
 *
 * @throws Error if the secrets cannot be added: without them the system might not boot
 */
async function prepareInitrd(host: Host, toplevel: string): Promise<string> {
  const initrd = join(toplevel, "initrd");
  const append = join(toplevel, "append-initrd-secrets");
  if (!existsSync(append)) return initrd;
  const copy = host.paths.kexecInitrd;
  mkdirSync(dirname(copy), { recursive: true });
  // Created before it is filled, so that no other user can ever read it.
  writeFileSync(copy, "", { mode: 0o600 });
  copyFileSync(initrd, copy);
  chmodSync(copy, 0o600);
  const ended = await host.spawn([append, copy], { streams: "ends" });
  if (ended.exitCode !== 0) throw new Error(describeEnd(ended));
  return copy;
}
