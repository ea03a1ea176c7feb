import type { Host } from "../host/process/host.ts";
import { messageOf } from "../core/refusal.ts";
import { grub } from "./grub.ts";
import type { FoundLoader } from "./loader.ts";
import { isSystemdBoot, systemdBoot } from "./systemd-boot.ts";

/** The boot loader of this host; never throws, because a host may have an unknown one. */
export function findLoader(host: Host): FoundLoader {
  try {
    const loader = isSystemdBoot(host.paths) ? systemdBoot(host) : grub(host);
    return loader === null
      ? { kind: "unknown", why: "neither systemd-boot nor GRUB booted this host" }
      : { kind: "found", loader };
  } catch (error) {
    return { kind: "unknown", why: `cannot read the boot loader: ${messageOf(error)}` };
  }
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
export function viewBootLoader(host: Host): BootLoaderNow {
  const found = findLoader(host);
  if (found.kind === "unknown") {
    return { name: null, byDefault: null, once: null, obstacle: found.why };
  }
  const { name, bootDefault, oneShot, obstacle } = found.loader;
  return { name, byDefault: bootDefault, once: oneShot, obstacle };
}
