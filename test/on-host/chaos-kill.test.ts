import { hostTest } from "../host/host-test.ts";
import { survive } from "./chaos.ts";
import { systemSpec } from "./deploying.ts";

hostTest(
  "kill -9 of the running finalization at 15 random moments",
  { baseline: systemSpec() },
  async (host, context) => {
    await survive(host, context, 15, async (target, id) => {
      // Nothing to kill, before the timer fires, while the host boots or after the end, is a moment like any other.
      const kill = ["systemctl", "kill", "--signal=KILL", `deploy-finalize-${id}.service`];
      await target.run(kill).catch(() => {});
    });
  },
);
