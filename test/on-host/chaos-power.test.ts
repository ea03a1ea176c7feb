import { hostTest } from "../host/host-test.ts";
import { survive } from "./chaos.ts";
import { systemSpec } from "./deploying.ts";

hostTest("a power cut at 15 random moments", { baseline: systemSpec() }, async (host, context) => {
  await survive(host, context, 15, async (target) => {
    await target.powerCut();
    await target.powerOn();
  });
});
