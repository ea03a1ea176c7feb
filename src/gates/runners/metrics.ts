import * as v from "valibot";
import { jsonAs } from "../../core/answer.ts";
import { send } from "../../host/network/http.ts";

/** It answers from its own memory; a look must not hold up an act. */
const ANSWER_SECONDS = 2;

/** @returns the number of jobs that a runner's metrics tell of. @throws Error if they do not tell it */
export async function jobsByMetrics(url: string, metric: string): Promise<number> {
  const request = { method: "GET", url, headers: {}, body: null } as const;
  const { status, text } = await send(request, { within: ANSWER_SECONDS });
  if (status !== 200) throw new Error(`its metrics answer with status ${status}`);
  const jobs = gaugeIn(text, metric);
  if (jobs === null) throw new Error(`its metrics tell no ${metric}`);
  return jobs;
}

/** As Woodpecker's agent tells of itself. */
const objectSchema = v.record(v.string(), v.unknown());

/**
 * A number of a JSON object, or the sum of a metric's samples in Prometheus' text format; null if there
 * is none, or one is no number.
 */
export function gaugeIn(text: string, metric: string): number | null {
  const object = jsonAs(objectSchema, text);
  if (object !== null) {
    const value = object[metric];
    return typeof value === "number" ? value : null;
  }
  const samples = text
    .split("\n")
    .filter((line) => line.startsWith(metric) && /[\s{]/.test(line.charAt(metric.length)))
    .map((line) => valueOf(line.slice(metric.length)));
  const sum = samples.reduce((total, value) => total + value, 0);
  return samples.length > 0 && Number.isFinite(sum) ? sum : null;
}

/** `{labels} value timestamp`; a label may contain braces, a value not. */
function valueOf(sample: string): number {
  const words = sample.slice(sample.lastIndexOf("}") + 1).trim();
  const [value = "", ...rest] = words.split(/\s+/);
  return value === "" || rest.length > 1 ? NaN : Number(value);
}
