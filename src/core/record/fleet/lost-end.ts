import type { Member, Rollout } from "../../fleet/rollout.ts";
import type { PartEnd } from "./part.ts";

/**
 * What the group is told of a finalization whose record is lost, so that nobody knows any more how far it came;
 * null if the group waits for nothing. If the finalization may have acted, the group is told `failed`.
 *
 * @param knownAs the finalization by which the group knows it: an older one may have handed its part on
 * @param noted the end that this host has noted; null for none
 * @param member this host, as the group knows it; null if it does not
 */
export function endOfLost(
  { id, knownAs }: { readonly id: string; readonly knownAs: string },
  noted: PartEnd | null,
  rollout: Pick<Rollout, "seq"> | null,
  member: Member | null,
): PartEnd | null {
  const why = `the record of ${id} was lost`;
  if (noted?.kind === "soaking") return { kind: "failed", why: `${why} while it soaked` };
  if (noted !== null) return noted;
  if (member?.finalization !== knownAs || member.seq !== rollout?.seq) return null;
  switch (member.state) {
    case "waiting":
      return { kind: "left", why };
    case "acting":
      return { kind: "failed", why: `${why}, and nobody knows how it ended` };
    case "soaking":
      return { kind: "failed", why: `${why} while it soaked` };
    case "live":
    case "failed":
    case "left":
      return null;
  }
}
