import type { TestEvent } from "node:test/reporters";

/** One line a test, the errors where they happen, and last the line that CI reads. */
export default async function* report(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const reasons = new Set<string>();
  for await (const event of source) {
    if (event.type === "test:stderr" || event.type === "test:stdout") yield event.data.message;
    if (event.type !== "test:pass" && event.type !== "test:fail") continue;
    if (event.data.details.type === "suite") continue;
    const { name, file, skip, details } = event.data;
    const took = `${Math.round(details.duration_ms)} ms`;
    if (skip !== undefined) {
      counts.skipped++;
      if (typeof skip === "string") reasons.add(skip);
    } else if (event.type === "test:pass") {
      counts.passed++;
      yield `ok      ${name} (${took})\n`;
    } else {
      counts.failed++;
      yield `FAILED  ${name} (${took}) ${file ?? ""}\n${describe(event.data.details.error)}\n`;
    }
  }
  for (const reason of reasons) yield `skipped: ${reason}\n`;
  const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : "";
  yield `${counts.passed} passed, ${counts.failed} failed${skipped}\n`;
}

function describe(error: { cause?: unknown; message?: string } | undefined): string {
  const cause = error?.cause;
  const text = cause instanceof Error ? (cause.stack ?? cause.message) : (error?.message ?? "");
  return text.replaceAll(/^/gm, "        ");
}
