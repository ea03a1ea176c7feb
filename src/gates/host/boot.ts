import { isOlderThan, stageOf } from "../../core/boot-stage.ts";
import { readIfThere } from "../../host/files/durable.ts";
import { lookAtBoot } from "../../host/systemd/boot-stage.ts";
import { type Gate, type GateContext, type GateState, looked, OPEN, polled } from "../gate.ts";

/**
 * The boot of now has got through, or has had its time: a boot that hangs must not hold a deploy
 * that may repair it. In emergency or rescue mode nothing can be activated, so it waits.
 *
 * For a finalization from before this boot: one that was scheduled in it comes from a deploy.
 */
export const bootThrough: Gate = {
  name: "boot",
  whenUnknown: "wait",
  atDeadline: "wait-on",
  look: async (context) => await looked(async () => await look(context)),
  change: polled(1000),
};

/** Without a boot id, as in a chroot, nothing boots. */
export function hasBootedSince({ host, record }: Pick<GateContext, "host" | "record">): boolean {
  const bootId = readIfThere(host.paths.bootId)?.trim() ?? record.bootId;
  return record.bootId !== bootId;
}

async function look({ host, config }: GateContext): Promise<GateState> {
  const seen = await lookAtBoot(host);
  const stage = stageOf(seen);
  const { bootTimeout } = config.verify;
  switch (stage.kind) {
    case "through":
      return OPEN;
    case "maintenance":
      return { kind: "closed", why: `the host is in ${stage.mode} mode` };
    case "going-down":
      return { kind: "closed", why: "the host is going down" };
    case "on-its-way":
      return bootTimeout !== null && isOlderThan(seen, bootTimeout)
        ? OPEN
        : { kind: "closed", why: "the boot has not got through" };
  }
}
