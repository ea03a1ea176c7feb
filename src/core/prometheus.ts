/** One sample with its labels. */
export type Sample = readonly [labels: Readonly<Record<string, string>>, value: number];

/**
 * A family of samples in Prometheus' text format; nothing where there are none. By the
 * convention that counters end in `_total`, the name tells the type.
 */
export function family(name: string, help: string, samples: readonly Sample[]): string {
  if (samples.length === 0) return "";
  const type = name.endsWith("_total") ? "counter" : "gauge";
  const lines = samples.map(([labels, value]) => `${name}${labelsText(labels)} ${value}`);
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...lines, ""].join("\n");
}

function labelsText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function escapeLabel(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
