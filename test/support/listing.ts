import { lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";

/** Every file, link and folder below a folder, with what is in it: to compare before with after. */
export function listing(root: string): string[] {
  return readdirSync(root, { recursive: true, encoding: "utf8" })
    .toSorted()
    .map((name) => `${name} ${describe(join(root, name))}`);
}

function describe(path: string): string {
  const status = lstatSync(path);
  if (status.isSymbolicLink()) return `-> ${readlinkSync(path)}`;
  return status.isDirectory() ? "/" : readFileSync(path, "utf8");
}
