import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { cacheFolder } from "../test-host/paths.ts";

const folder = join(dirname(cacheFolder), "boot-machines");

/** What this process is making. */
const making = new Map<string, Promise<string>>();

/**
 * The path of something that is made once and kept, under the hash of what it is made of. Older
 * ones of the same name are removed. Two processes may make it at the same time: one wins.
 */
export async function cached(
  name: string,
  recipe: readonly (string | Buffer)[],
  make: (path: string) => Promise<void>,
): Promise<string> {
  const hash = createHash("sha256");
  for (const part of recipe) hash.update(part).update("\0");
  const path = join(folder, `${name}-${hash.digest("hex").slice(0, 16)}`);
  const made = making.get(path) ?? find(name, path, make);
  making.set(path, made);
  return await made;
}

async function find(
  name: string,
  path: string,
  make: (path: string) => Promise<void>,
): Promise<string> {
  if (existsSync(path)) return path;
  mkdirSync(folder, { recursive: true });
  const unfinished = `${path}.${process.pid}.unfinished`;
  await make(unfinished);
  if (existsSync(path)) rmSync(unfinished, { recursive: true });
  else renameSync(unfinished, path);
  for (const other of readdirSync(folder)) {
    const isOlder = other.startsWith(`${name}-`) && other.length === `${name}-`.length + 16;
    if (isOlder && join(folder, other) !== path) {
      rmSync(join(folder, other), { recursive: true, force: true });
    }
  }
  return path;
}
