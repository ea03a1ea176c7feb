/** How many rounds of each kind ended how, and what must not have been so. */
export class Table {
  readonly violations: string[] = [];
  readonly #rows = new Map<string, { wrong: number; ends: Map<string, number> }>();

  note(kind: string, end: string, violations: readonly string[]): void {
    const row = this.#rows.get(kind) ?? { wrong: 0, ends: new Map<string, number>() };
    this.#rows.set(kind, row);
    row.ends.set(end, (row.ends.get(end) ?? 0) + 1);
    row.wrong += violations.length;
    for (const violation of violations) {
      this.violations.push(`${kind}: ${violation}`);
      console.error(`VIOLATION ${kind}: ${violation}`);
    }
  }

  text(): string {
    const lines = [...this.#rows].map(([kind, { wrong, ends }]) => {
      const rounds = [...ends.values()].reduce((sum, count) => sum + count, 0);
      const counted = [...ends].map(([end, count]) => `${count} ${end}`).join(", ");
      return `${kind.padEnd(30)} ${String(rounds).padStart(5)} rounds  ${String(wrong).padStart(3)} violations  (${counted})`;
    });
    return [...lines, `${this.violations.length} violations`].join("\n");
  }
}
