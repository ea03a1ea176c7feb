import * as v from "valibot";
import { isPage, jsonAs, quoted } from "../core/answer.ts";
import type { Window } from "../core/config/windows/window-config.ts";
import type { ProxyConfig } from "../core/config/proxy-config.ts";
import type { AlertGateConfig } from "../core/config/wait-for/gates.ts";
import { matchesGlob } from "../core/glob.ts";
import { messageOf } from "../core/refusal.ts";
import { atWindowOrDeadline, type Gate, type GateState, OPEN, polled } from "./gate.ts";

/**
 * No alert of a Prometheus fires that counts. Unknown waits: who asks for alerts does not want to act
 * without knowing them.
 */
export function noAlerts(config: AlertGateConfig, windows: readonly Window[] | null): Gate {
  return {
    name: "alerts",
    whenUnknown: "wait",
    atDeadline: atWindowOrDeadline(windows),
    pace: "slow",
    look: async (context, stop) => await ask(config, context.config.proxy, stop),
    change: polled(10_000),
  };
}

async function ask(
  config: AlertGateConfig,
  proxy: ProxyConfig,
  stop: AbortSignal | undefined,
): Promise<GateState> {
  // Loaded only if a Prometheus is asked.
  const { below, jsonRequest, send } = await import("../host/network/http.ts");
  const { timeLimit } = await import("../host/process/time.ts");
  const { Secrets } = await import("../forge/secrets.ts");
  const secrets = new Secrets(() => {});
  const { tokenFile, caFile, timeout } = config;
  try {
    const headers =
      tokenFile === null ? {} : { Authorization: `Bearer ${secrets.from(tokenFile)}` };
    const request = jsonRequest("GET", below(config.url, "api/v1/alerts"), null, headers);
    const limit = timeLimit(timeout);
    const within = stop === undefined ? limit : AbortSignal.any([limit, stop]);
    const { status, text } = await send(request, { within, tls: { caFile }, proxy });
    const { host } = new URL(config.url);
    // Only an error is quoted as it is.
    const known = status === 200 ? text : secrets.hideInAnswer(text);
    return toGateState(config, { host, status, text: known });
  } catch (error) {
    return { kind: "unknown", why: secrets.hide(messageOf(error)) };
  }
}

/** https://prometheus.io/docs/prometheus/latest/querying/api/#alerts (notes/prometheus-alerts.md) */
const answerSchema = v.object({
  status: v.literal("success"),
  data: v.object({
    alerts: v.array(
      v.object({
        labels: v.record(v.string(), v.string()),
        state: v.picklist(["pending", "firing"]),
      }),
    ),
  }),
});

type Alert = v.InferOutput<typeof answerSchema>["data"]["alerts"][number];

interface Answer {
  readonly host: string;
  readonly status: number;
  readonly text: string;
}

export function toGateState(config: AlertGateConfig, { host, status, text }: Answer): GateState {
  if (status !== 200) {
    const said = isPage(text) ? "a page for people" : quoted(text);
    const remark = status >= 300 && status <= 399 ? " (redirects are not followed)" : "";
    return {
      kind: "unknown",
      why: `${host} answered ${status}${remark}${said === "" ? "" : `: ${said}`}`,
    };
  }
  const answer = jsonAs(answerSchema, text);
  if (answer === null) {
    return { kind: "unknown", why: `${host} does not answer as Prometheus does` };
  }
  const counted = answer.data.alerts.filter((alert) => counts(alert, config));
  const words = (["firing", "pending"] as const).flatMap((state) => inWords(state, counted) ?? []);
  return words.length === 0 ? OPEN : { kind: "closed", why: words.join("; ") };
}

/** An alert of contrib/prometheus: it would hold back the deploy that ends its cause. */
const OWN = "DeployFinalize";

function counts({ labels, state }: Alert, { match, ignore, pending }: AlertGateConfig): boolean {
  if (state === "pending" && !pending) return false;
  const name = labels["alertname"] ?? "";
  const globs = name.startsWith(OWN) ? match.filter((glob) => glob.startsWith(OWN)) : match;
  const isIn = (list: readonly string[]): boolean => list.some((glob) => matchesGlob(glob, name));
  return isIn(globs) && !isIn(ignore);
}

const MOST_NAMES = 5;

function inWords(state: Alert["state"], alerts: readonly Alert[]): string | null {
  const found = alerts.filter((alert) => alert.state === state);
  const names = [...new Set(found.map(({ labels }) => quoted(labels["alertname"] ?? "no name")))];
  if (names.length === 0) return null;
  const more = names.length > MOST_NAMES ? ` and ${names.length - MOST_NAMES} more` : "";
  return `${state}: ${names.toSorted().slice(0, MOST_NAMES).join(", ")}${more}`;
}
