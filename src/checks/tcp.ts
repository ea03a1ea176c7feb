import { messageOf } from "../core/refusal.ts";
import type { Check } from "./check.ts";

/** Something accepts connections on the port. */
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
