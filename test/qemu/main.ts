import { inspect } from "node:util";
import { type Played, play } from "./cell.ts";
import { LOADERS } from "./loaders.ts";
import { TROUBLES } from "./troubles.ts";

// The way in: `make check-boot`. CELLS=loader/trouble, a regular expression, selects a part.
const wanted = new RegExp(process.env["CELLS"] ?? "");
const WORKERS = Number(process.env["WORKERS"] ?? 2);

const cells = LOADERS.flatMap((loader) => TROUBLES.map((trouble) => ({ loader, trouble })));
const chosen = cells.filter(({ loader, trouble }) => wanted.test(`${loader.name}/${trouble.name}`));
const queue = [...chosen];
const played = new Map<string, Played | "FAILED">();

async function work(): Promise<void> {
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const { loader, trouble } = next;
    const name = `${loader.name}/${trouble.name}`;
    const begin = performance.now();
    try {
      played.set(name, await play(loader, trouble));
    } catch (error) {
      played.set(name, "FAILED");
      console.error(`${name}: ${inspect(error)}`);
    }
    const seconds = Math.round((performance.now() - begin) / 1000);
    console.log(`${name}: ${words(played.get(name))} (${seconds} s)`);
  }
}

function words(cell: Played | "FAILED" | undefined): string {
  if (cell === undefined) return "-";
  if (cell === "FAILED") return cell;
  return cell.recovery === null ? cell.end : `${cell.end} ${Math.round(cell.recovery)} s`;
}

function table(): string {
  const head = ["", ...TROUBLES.map(({ name }) => name)];
  const rows = LOADERS.map((loader) => [
    loader.name,
    ...TROUBLES.map((trouble) => words(played.get(`${loader.name}/${trouble.name}`))),
  ]);
  return [head, ...rows]
    .map((row) =>
      row
        .map((word) => word.padEnd(18))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

await Promise.all(Array.from({ length: WORKERS }, work));
const failed = [...played.values()].filter((cell) => cell === "FAILED").length;
console.log(`\n${table()}\n\n${played.size - failed} passed, ${failed} failed`);
process.exitCode = failed === 0 && played.size > 0 ? 0 : 1;
