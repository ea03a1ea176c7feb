import { closeSync, existsSync, fsyncSync, openSync, readFileSync, writeSync } from "node:fs";
import { writeDurably } from "../host/durable.ts";

/** GRUB's environment block: text of a fixed size, as GRUB itself can only overwrite it. */

const HEADER = "# GRUB Environment Block\n";
const SIZE = 1024;

/** The value of a variable; null where it is empty or not there. */
export function readVariable(path: string, name: string): string | null {
  const value = parse(path).get(name) ?? "";
  return value === "" ? null : value;
}

/**
 * Sets a variable, or with null removes it. An existing block is written over where it is: GRUB's
 * own way, and a single sector, so that a power cut leaves the old or the new one.
 *
 * @throws Error where the block is full or cannot be written
 */
export function writeVariable(path: string, name: string, value: string | null): void {
  const variables = parse(path);
  if (value === null) variables.delete(name);
  else variables.set(name, value);
  const lines = [...variables].map(([key, text]) => `${key}=${escape(text)}\n`);
  const text = HEADER + lines.join("");
  if (Buffer.byteLength(text) > SIZE) throw new Error(`${path} is full`);
  const block = text + "#".repeat(SIZE - Buffer.byteLength(text));
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

function parse(path: string): Map<string, string> {
  const text = existsSync(path) ? readFileSync(path, "utf8") : "";
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
