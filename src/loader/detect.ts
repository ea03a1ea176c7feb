import { messageOf } from "../core/refusal.ts";
import type { Host } from "../host/host.ts";
import { grub } from "./grub.ts";
import type { FoundLoader } from "./loader.ts";
import { isSystemdBoot, systemdBoot } from "./systemd-boot.ts";

/** The boot loader of this host; never throws, as a host without one that we know is a host too. */
export function findLoader(host: Host): FoundLoader {
  try {
    const loader = isSystemdBoot(host.paths) ? systemdBoot(host) : grub(host);
    return loader === null
      ? { kind: "unknown", why: "neither systemd-boot nor GRUB has started this host" }
      : { kind: "found", loader };
  } catch (error) {
    return { kind: "unknown", why: `the boot loader cannot be read: ${messageOf(error)}` };
  }
}
