import { existsSync } from "node:fs";
import { join, resolve } from "node:path";

/** The repository this file is in. */
export const repository = resolve(import.meta.dirname, "../..");

/** Programs and Nix files of the guest; every host has them, read-only, as /opt/test-host. */
export const guestFolder = join(import.meta.dirname, "guest");

/** Images and locks: made once, kept between runs. */
export const cacheFolder = "/var/cache/deploy-finalize/test-host";

/** Node's compile cache of the guest's own programs, shared by all hosts. */
export const compiledFolder = `${cacheFolder}/compiled`;

/** Each running host has a folder here: overlay, mount point, console log. */
export const hostsFolder = "/var/tmp/deploy-finalize-test-host";

/** The Node that the project ships with, else the one running the tests. */
export function nodeBinary(): string {
  const pinned = join(repository, `node_modules/node-linux-${process.arch}/bin/node`);
  return existsSync(pinned) ? pinned : process.execPath;
}
