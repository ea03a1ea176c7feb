import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";

/** What an interrupted switch still owes: read again by the next one, so that it goes on there. */
const lists = {
  start: "/run/nixos/start-list",
  restart: "/run/nixos/restart-list",
  reload: "/run/nixos/reload-list",
};

type List = keyof typeof lists;

export function readList(list: List): string[] {
  if (!existsSync(lists[list])) return [];
  return readFileSync(lists[list], "utf8")
    .split("\n")
    .filter((unit) => unit !== "");
}

export function writeList(list: List, units: Iterable<string>): void {
  mkdirSync("/run/nixos", { recursive: true });
  writeFileSync(lists[list], [...units].map((unit) => `${unit}\n`).join(""));
}

export function forgetLists(): void {
  for (const path of Object.values(lists)) rmSync(path, { force: true });
}
