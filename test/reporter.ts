import type { TestEvent } from "node:test/reporters";

type Data = TestEvent["data"] & {
  name?: string;
  file?: string;
  nesting?: number;
  skip?: string | boolean;
  details?: { duration_ms?: number; type?: string; error?: { cause?: unknown; message?: string } };
  message?: string;
};

/** One line a test, the errors where they happen, and last the line that CI reads. */
export default async function* report(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const reasons = new Set<string>();
  for await (const event of source) {
    const data = event.data as Data;
    if (event.type === "test:stderr" || event.type === "test:stdout") yield data.message ?? "";
    if (event.type !== "test:pass" && event.type !== "test:fail") continue;
    if (data.details?.type === "suite") continue;
    const took = `${Math.round(data.details?.duration_ms ?? 0)} ms`;
    if (data.skip !== undefined) {
      counts.skipped++;
      if (typeof data.skip === "string") reasons.add(data.skip);
    } else if (event.type === "test:pass") {
      counts.passed++;
      yield `ok      ${data.name} (${took})\n`;
    } else {
      counts.failed++;
      yield `FAILED  ${data.name} (${took}) ${data.file ?? ""}\n${describe(data.details?.error)}\n`;
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
