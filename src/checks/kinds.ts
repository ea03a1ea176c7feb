import type { CheckConfig } from "../core/config/config.ts";
import type { FinalizationRecord } from "../core/record/record.ts";
import { send } from "../host/network/http.ts";
import type { Host } from "../host/process/host.ts";
import { describeEnd, type Ended, untilAnswered } from "../host/process/spawn.ts";
import { showProperties } from "../host/systemd/commands.ts";
import { parseProperties } from "../host/systemd/units.ts";
import { messageOf } from "../core/refusal.ts";

export type CheckState =
  | { readonly kind: "passed"; readonly detail: string }
  | { readonly kind: "failed"; readonly why: string };

/** Something that must hold after acting. */
export interface Check {
  /** The name, unless the configuration gives another. */
  readonly name: string;
  /** One try; ends when aborted. A rejection is a failure too. */
  readonly run: (host: Host, signal: AbortSignal) => Promise<CheckState>;
}

export type CheckResult = FinalizationRecord["checks"][number];

/** The unit is active: neither failed nor still starting. */
export function unitCheck(unit: string): Check {
  return {
    name: unit,
    run: async (host, signal) => {
      const properties = ["LoadState", "ActiveState", "SubState"];
      const ended = await host.spawn(showProperties(properties, [unit]), { signal });
      if (ended.exitCode !== 0) return { kind: "failed", why: describeEnd(ended) };
      const { LoadState, ActiveState, SubState } = parseProperties(ended.stdout)[0] ?? {};
      const state =
        LoadState === "not-found" ? "the unit does not exist" : `${ActiveState} (${SubState})`;
      return ActiveState === "active"
        ? { kind: "passed", detail: state }
        : { kind: "failed", why: state };
    },
  };
}

export function commandCheck(command: readonly string[]): Check {
  return {
    name: command.join(" "),
    run: async (host, signal) => {
      const run = async (): Promise<Ended> =>
        await host.spawn(command, { signal, streams: "ends" });
      const ended = await untilAnswered(run, signal);
      return ended.exitCode === 0
        ? { kind: "passed", detail: "exit code 0" }
        : { kind: "failed", why: describeEnd(ended) };
    },
  };
}

export interface HttpExpectation {
  readonly url: string;
  readonly status?: number;
  readonly body?: string;
}

/** The address answers as expected. A redirect is an answer; it is not followed. */
export function httpCheck(expected: HttpExpectation): Check {
  return {
    name: withoutUser(expected.url),
    run: async (_host, signal) => {
      try {
        const request = { method: "GET", url: expected.url, headers: {}, body: null } as const;
        const { status, text } = await send(request, { within: signal });
        const why = mismatch(expected, status, text);
        return why === null
          ? { kind: "passed", detail: `status ${status}` }
          : { kind: "failed", why };
      } catch (error) {
        return { kind: "failed", why: messageOf(error) };
      }
    },
  };
}

/** Names go into the record and into reports. */
function withoutUser(address: string): string {
  const url = new URL(address);
  if (url.username === "" && url.password === "") return address;
  [url.username, url.password] = ["", ""];
  return url.href;
}

/** Why an answer is not as expected, or null. */
export function mismatch(expected: HttpExpectation, status: number, text: string): string | null {
  const { status: wanted, body } = expected;
  const isRight = wanted === undefined ? status >= 200 && status <= 299 : status === wanted;
  if (!isRight) return `status ${status} instead of ${wanted ?? "200 to 299"}`;
  if (body !== undefined && !text.includes(body)) return `the answer does not contain ${body}`;
  return null;
}

export function tcpCheck(host: string, port: number): Check {
  return {
    name: `${host}:${port}`,
    run: async (_host, signal) => {
      const { connect } = await import("node:net");
      return await new Promise((resolve) => {
        const socket = connect({ host, port, signal });
        socket.on("connect", () => {
          socket.destroy();
          resolve({ kind: "passed", detail: "accepts connections" });
        });
        socket.on("error", (error) => {
          resolve({ kind: "failed", why: messageOf(error) });
        });
      });
    },
  };
}

export function checkFor(config: CheckConfig): Check {
  switch (config.kind) {
    case "unit":
      return unitCheck(config.unit);
    case "command":
      return commandCheck(config.command);
    case "http":
      return httpCheck(config);
    case "tcp":
      return tcpCheck(config.host, config.port);
  }
}
