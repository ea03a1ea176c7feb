import { existsSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { nodeBinary } from "./paths.ts";
import { realSwitch } from "./toplevel.ts";

export type Availability = { available: true } | { available: false; reason: string };

/** What a test host needs on the machine, and the Debian package each program comes from. */
const needed: Record<string, string> = {
  mmdebstrap: "mmdebstrap",
  "systemd-nspawn": "systemd-container",
  nsenter: "util-linux",
  flock: "util-linux",
  setpriv: "util-linux",
};

/** Whether this machine can boot test hosts, and if not why (one line, for a skipped test). */
export function hostAvailable(): Availability {
  if (process.getuid?.() !== 0) return no("not root");
  if (!existsSync("/etc/debian_version")) return no("this machine is not Debian");
  const wanted = process.env["DEBIAN"];
  if (wanted !== undefined && !isRelease(wanted))
    return no(`DEBIAN=${wanted} is none of ${RELEASES.join(", ")}`);
  const real = realSwitch();
  if (real !== undefined && !existsSync(real)) return no(`there is no STC=${real}`);
  const deployRs = process.env["DEPLOY_RS"] ?? "";
  if (deployRs !== "" && !existsSync(join(deployRs, "activate")))
    return no(`there is no program activate in DEPLOY_RS=${deployRs}`);
  const missing = Object.entries(needed).filter(([program]) => !onPath(program));
  const packages = [...new Set(missing.map(([, debianPackage]) => debianPackage))];
  if (packages.length > 0) return no(`Debian packages not installed: ${packages.join(" ")}`);
  if (!/\toverlay$/m.test(readFileSync("/proc/filesystems", "utf8")))
    return no("the kernel has no overlayfs");
  if (!existsSync(nodeBinary())) return no(`no Node to mount at ${nodeBinary()}`);
  return { available: true };
}

/** The releases of Debian that a test host can be made from: systemd 252, 257 and 262. */
export const RELEASES = ["bookworm", "trixie", "sid"] as const;

export type Release = (typeof RELEASES)[number];

/**
 * The release that test hosts are made from: DEBIAN, or the one whose hosts boot fastest, so that
 * `make check` stays short.
 */
export function release(): Release {
  const wanted = process.env["DEBIAN"] ?? "bookworm";
  if (!isRelease(wanted)) throw new Error(`DEBIAN=${wanted} is none of ${RELEASES.join(", ")}`);
  return wanted;
}

function isRelease(name: string): name is Release {
  return RELEASES.some((one) => one === name);
}

function onPath(program: string): boolean {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/sbin"];
  return folders.some((folder) => existsSync(join(folder, program)));
}

function no(reason: string): Availability {
  return { available: false, reason };
}
