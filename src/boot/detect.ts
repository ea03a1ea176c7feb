import { messageOf } from "../core/refusal.ts";
import { newestToplevel } from "../host/nixos/profile.ts";
import type { Host } from "../host/process/host.ts";
import { grub, grubConfigOf } from "./grub.ts";
import type { FoundLoader, Loader } from "./loader.ts";
import { startedBy } from "./started-by.ts";
import { systemdBoot } from "./systemd-boot/systemd-boot.ts";

/** A system of a profile, whose installer writes the menu. */
export interface Installed {
  readonly profile: string;
  readonly toplevel: string;
}

/**
 * The boot loader that has started this host and that the installer of a system writes; never throws,
 * because a host may have an unknown one.
 */
export async function findLoader(host: Host, installed: Installed): Promise<FoundLoader> {
  try {
    const loader = await loaderThatStarted(host);
    if ("kind" in loader) return loader;
    const why = whyStale(loader, installed);
    return why === null ? { kind: "found", loader } : { kind: "unknown", why };
  } catch (error) {
    return { kind: "unknown", why: `cannot read the boot loader: ${messageOf(error)}` };
  }
}

async function loaderThatStarted(host: Host): Promise<Loader | FoundLoader> {
  const started = startedBy(host.paths);
  switch (started.kind) {
    case "systemd-boot":
      return await systemdBoot(host);
    case "GRUB":
      return (
        grub(host) ?? {
          kind: "unknown",
          why: `GRUB started this host, but not by ${host.paths.grub}`,
        }
      );
    case "other":
      return { kind: "unknown", why: started.why };
    case "uncertain":
      return { kind: "unknown", why: `${started.why}${leftOver(host)}` };
  }
}

/** A menu that is left over looks like the one that boots. */
function leftOver({ paths }: Host): string {
  const file = grubConfigOf(paths);
  return file === null
    ? ""
    : `; ${file} does not count. If GRUB starts it, reboot once by GRUB; else remove that file`;
}

/** An installer lists the newest generation. A menu that has neither it nor the system is another loader's. */
function whyStale({ name, source, menu }: Loader, { profile, toplevel }: Installed): string | null {
  const newest = newestToplevel(profile);
  if (newest === null || menu.includes(newest) || menu.includes(toplevel)) return null;
  return (
    `${name} started this host, but ${source} does not list the newest generation: its installer is ` +
    `another boot loader's, which the next boot may use. If ${name} is not in use any more, remove ${source}`
  );
}

/** The toplevels that the boot loader boots next; null if unknown. */
export interface BootLoaderNow {
  /** Null if no loader is known. */
  readonly name: string | null;
  readonly byDefault: string | null;
  /** The toplevel that it boots next, and only once; null if nothing is pending. */
  readonly once: string | null;
  /** Why it cannot boot a system just once; null if it can. */
  readonly obstacle: string | null;
}

/** Reads the boot loader; needs root only if /boot does. */
export async function viewBootLoader(host: Host, installed: Installed): Promise<BootLoaderNow> {
  const found = await findLoader(host, installed);
  if (found.kind === "unknown") {
    return { name: null, byDefault: null, once: null, obstacle: found.why };
  }
  const { name, bootDefault, oneShot, obstacle } = found.loader;
  return { name, byDefault: bootDefault, once: oneShot, obstacle };
}
