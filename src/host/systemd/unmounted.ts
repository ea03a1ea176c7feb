import type { Host } from "../process/host.ts";
import { askProperties } from "./units.ts";

/**
 * The folder among this one and those above it that a file system belongs at, as a mount unit says,
 * and that has none; null if there is no such folder. An automount unit mounts it when it is used.
 *
 * @throws Error if systemd does not answer
 */
export async function unmountedAt(host: Host, folder: string): Promise<string | null> {
  const folders = withParents(folder);
  const units = ["mount", "automount"].flatMap((kind) =>
    folders.map((path) => `${escapePath(path)}.${kind}`),
  );
  if (units.length === 0) return null;
  const shown = await askProperties(host, ["Id", "LoadState", "ActiveState"], units);
  const isActive = (index: number): boolean => shown[index]?.["ActiveState"] === "active";
  const missing = folders.findIndex((_, index) => {
    const isWanted = shown[index]?.["LoadState"] === "loaded";
    return isWanted && !isActive(index) && !isActive(index + folders.length);
  });
  return folders[missing] ?? null;
}

/** `/var/lib`: `/var/lib` and `/var`, without the root, which is always mounted. */
function withParents(folder: string): string[] {
  const parts = folder.split("/").filter((part) => part !== "");
  return parts.map((_, index) => `/${parts.slice(0, parts.length - index).join("/")}`);
}

/** The name of a path's units, without their suffix: systemd.unit(5), "string escaping". */
export function escapePath(path: string): string {
  const plain = path
    .split("/")
    .filter((part) => part !== "")
    .join("/");
  const bytes = [...Buffer.from(plain)];
  return bytes.map((byte, index) => escapeByte(byte, index)).join("");
}

function escapeByte(byte: number, index: number): string {
  const character = String.fromCharCode(byte);
  if (character === "/") return "-";
  const isPlain = /[A-Za-z0-9:_]/.test(character) || (character === "." && index > 0);
  return isPlain ? character : `\\x${byte.toString(16).padStart(2, "0")}`;
}
