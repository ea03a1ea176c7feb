export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  if (low === undefined || high === undefined) throw new RangeError("the median of nothing");
  return (low + high) / 2;
}

/** The lines of a table: the first column to the left, numbers to the right. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  const cell = (text: string, column: number): string =>
    column === 0 ? text.padEnd(widths[column] ?? 0) : text.padStart(widths[column] ?? 0);
  return rows.map((row) => row.map(cell).join("  ").trimEnd()).join("\n");
}

/** Least and greatest, for a table. */
export function spread(values: readonly number[], show: (value: number) => string): string {
  return `${show(Math.min(...values))}–${show(Math.max(...values))}`;
}

/** One target: what was measured against what was asked. */
export function verdict(what: string, measured: number, limit: number): boolean {
  const isMet = measured <= limit;
  console.log(`${isMet ? "met   " : "MISSED"}  ${what}: ${round(measured)} (at most ${limit})`);
  return isMet;
}

/** A figure that nothing bounds. */
export function remark(what: string, measured: number): void {
  console.log(`        ${what}: ${round(measured)}`);
}

function round(value: number): string {
  return value.toPrecision(3);
}
