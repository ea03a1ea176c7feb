import { closeSync, existsSync, fsyncSync, openSync, readFileSync, writeSync } from "node:fs";
import { writeDurably } from "../host/files/durable.ts";

/** GRUB's environment block: text of a fixed size, because GRUB can only overwrite it. */

const HEADER = "# GRUB Environment Block\n";
const SIZE = 1024;

/** The value of a variable; null if it is empty or not set. */
export function readVariable(path: string, name: string): string | null {
  const value = parseEnvironment(textAt(path)).get(name) ?? "";
  return value === "" ? null : value;
}

/**
 * Sets a variable; null removes it. An existing block is overwritten in place, as GRUB does: it fits
 * in a single sector, so a power cut leaves the old or the new block.
 *
 * @throws Error if the block is full or cannot be written
 */
export function writeVariable(path: string, name: string, value: string | null): void {
  const variables = parseEnvironment(textAt(path));
  if (value === null) variables.delete(name);
  else variables.set(name, value);
  const block = formatEnvironment(variables);
  if (block === null) throw new Error(`${path} is full`);
  if (existsSync(path)) overwrite(path, block);
  else writeDurably(path, block);
}

function overwrite(path: string, block: string): void {
  const file = openSync(path, "r+");
  try {
    writeSync(file, block, 0);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function textAt(path: string): string {
  return existsSync(path) ? readFileSync(path, "utf8") : "";
}

/** A block with these variables; null if they do not fit. */
export function formatEnvironment(variables: ReadonlyMap<string, string>): string | null {
  const lines = [...variables].map(([key, text]) => `${key}=${escape(text)}\n`);
  const text = HEADER + lines.join("");
  const left = SIZE - Buffer.byteLength(text);
  return left < 0 ? null : text + "#".repeat(left);
}

/** The variables of a block by their names. */
export function parseEnvironment(text: string): Map<string, string> {
  const lines = text.split("\n").filter((line) => !line.startsWith("#"));
  return new Map(
    lines.flatMap((line) => {
      const at = line.indexOf("=");
      return at < 1 ? [] : [[line.slice(0, at), unescape(line.slice(at + 1))] as const];
    }),
  );
}

function escape(text: string): string {
  return text.replace(/[\\\n]/g, (character) => `\\${character}`);
}

function unescape(text: string): string {
  return text.replace(/\\(.)/g, "$1");
}
