import { join } from "node:path";
import { quoted } from "../../core/answer.ts";
import { listFolder, readIfThere } from "../../host/files/durable.ts";
import type { Paths } from "../../host/files/paths.ts";
import { type GateState, OPEN } from "../gate.ts";

/** No work: `frozen` is kept from any (notes/storage-work.md). */
const IDLE = new Set(["idle", "frozen"]);

/** Software RAID: resync, recover, check, repair, reshape. @throws Error if it cannot tell */
export function lookAtMd({ disks }: Pick<Paths, "disks">): GateState {
  const works = listFolder(disks)
    .toSorted()
    .flatMap((disk) => {
      // Arrays without redundancy have no such file, like all other disks.
      const action = readIfThere(join(disks, disk, "md/sync_action"))?.trim();
      return action === undefined || IDLE.has(action) ? [] : [`${disk}: ${quoted(action)}`];
    });
  return works.length === 0 ? OPEN : { kind: "closed", why: works.join("; ") };
}
