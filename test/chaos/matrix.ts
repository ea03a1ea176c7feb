import { STATE_DIR } from "../on-host/deploying.ts";
import { Host } from "../test-host/host.ts";
import { type Cell, playCell } from "./cell.ts";
import { FAULTS } from "./faults.ts";
import { MOMENTS, systemOf } from "./moments.ts";

// The way in: `make chaos-matrix`. MATRIX_FAULTS and MATRIX_STATES, regular expressions, select a part.
const faults = FAULTS.filter(({ name }) =>
  new RegExp(process.env["MATRIX_FAULTS"] ?? "").test(name),
);
const moments = MOMENTS.filter(({ name }) =>
  new RegExp(process.env["MATRIX_STATES"] ?? "").test(name),
);
const HOSTS = Number(process.env["MATRIX_HOSTS"] ?? 3);

const queue = faults.flatMap((fault) => moments.map((moment) => ({ fault, moment })));
const cells = new Map<string, Cell>();
let number = 10;

/** A host plays cells until none is left; another host follows one on which something was wrong. */
async function work(): Promise<void> {
  let host: Host | undefined;
  try {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const { fault, moment } = next;
      host ??= await Host.boot({
        name: "matrix",
        baseline: systemOf("1"),
        disks: [STATE_DIR],
      });
      const begin = performance.now();
      const cell = await playCell(host, moment, fault, String(number++)).catch(
        (error: unknown) => ({
          end: "threw",
          violations: [String(error)],
        }),
      );
      cells.set(`${fault.name} ${moment.name}`, cell);
      const seconds = ((performance.now() - begin) / 1000).toFixed(1);
      console.log(`${fault.name} × ${moment.name}: ${cell.end} (${seconds} s)`);
      if (cell.violations.length === 0) continue;
      for (const violation of cell.violations) console.error(`VIOLATION ${violation}`);
      console.error(await host.evidence());
      await host.stop();
      host = undefined;
    }
  } finally {
    await host?.stop();
  }
}

function table(): string {
  const width = Math.max(...faults.map(({ name }) => name.length));
  const rows = faults.map(({ name }) => {
    const ends = moments.map((moment) => {
      const { end, violations } = cells.get(`${name} ${moment.name}`) ?? {
        end: "?",
        violations: [],
      };
      return (violations.length === 0 ? end : `${end} !`).padEnd(14);
    });
    return `${name.padEnd(width)}  ${ends.join("  ").trimEnd()}`;
  });
  const head = `${"".padEnd(width)}  ${moments.map(({ name }) => name.padEnd(14)).join("  ")}`;
  return [head.trimEnd(), ...rows].join("\n");
}

await Promise.all(Array.from({ length: HOSTS }, work));
const violations = [...cells.values()].flatMap((cell) => cell.violations);
console.log(`${table()}\n${cells.size} cells, ${violations.length} violations`);
process.exitCode = violations.length === 0 ? 0 : 1;
