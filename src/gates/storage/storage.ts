import type { Window } from "../../core/config/windows/window-config.ts";
import type { Storage } from "../../core/config/wait-for/gates.ts";
import type { Host } from "../../host/process/host.ts";
import { atWindowOrDeadline, type Gate, type GateState, looked, OPEN, polled } from "../gate.ts";
import { lookAtBtrfs } from "./btrfs.ts";
import { lookAtMd } from "./md.ts";
import { lookAtZfs } from "./zfs.ts";

/**
 * No storage is at work that a reboot would cut off, such as a resync or a scrub. What the kernel does
 * not have is not at work.
 *
 * Unknown waits, because the work may be the one that saves the data.
 */
export function quietStorage(kinds: readonly Storage[], windows: readonly Window[] | null): Gate {
  return {
    name: "storage",
    whenUnknown: "wait",
    atDeadline: atWindowOrDeadline(windows),
    pace: "slow",
    look: async ({ host }, stop) => {
      const looks = kinds.map(async (kind) => {
        const state = await looked(async () => await lookAt(kind, host, stop));
        return state.kind === "unknown" ? { ...state, why: `${kind}: ${state.why}` } : state;
      });
      return combine(await Promise.all(looks));
    },
    change: polled(10_000),
  };
}

async function lookAt(
  kind: Storage,
  host: Host,
  stop: AbortSignal | undefined,
): Promise<GateState> {
  switch (kind) {
    case "md":
      return lookAtMd(host.paths);
    case "zfs":
      return await lookAtZfs(host, stop);
    case "btrfs":
      return await lookAtBtrfs(host, stop);
  }
}

/** Work that is seen counts, whatever else is unknown. */
export function combine(states: readonly GateState[]): GateState {
  const whysOf = (kind: "closed" | "unknown"): string[] =>
    states.flatMap((state) => (state.kind === kind ? [state.why] : []));
  const [closed, unknown] = [whysOf("closed"), whysOf("unknown")];
  if (closed.length > 0) return { kind: "closed", why: closed.join("; ") };
  return unknown.length > 0 ? { kind: "unknown", why: unknown.join("; ") } : OPEN;
}
