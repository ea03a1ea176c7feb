import { findLoader } from "../loader/detect.ts";
import type { Host } from "./host.ts";

/** What the boot loader does at the next boots, as far as it can be told; null toplevels cannot. */
export interface BootLoaderNow {
  /** Null where no loader is known. */
  readonly name: string | null;
  readonly byDefault: string | null;
  /** What it boots next, and only once; null where nothing is pending. */
  readonly once: string | null;
  /** Why it cannot boot a system just once; null where it can. */
  readonly obstacle: string | null;
}

/** Looks at the boot loader; needs no root where /boot needs none. */
export function viewBootLoader(host: Host): BootLoaderNow {
  const found = findLoader(host);
  if (found.kind === "unknown") {
    return { name: null, byDefault: null, once: null, obstacle: found.why };
  }
  const { name, bootDefault, oneShot, obstacle } = found.loader;
  return { name, byDefault: bootDefault, once: oneShot, obstacle };
}
