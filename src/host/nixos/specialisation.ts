import type { Specialisation } from "../../core/config/config.ts";
import type { WantedSpecialisation } from "../../core/machine/types.ts";
import { specialisationAt, specialisationName } from "./profile.ts";

export interface Candidates {
  readonly profile: string;
  readonly current: string | null;
  readonly target: string;
}

/** The specialisation of the target that is to be activated; null if none is wanted. */
export function findSpecialisation(
  wanted: Specialisation,
  { profile, current, target }: Candidates,
): WantedSpecialisation | null {
  const name = wanted === "keep" ? specialisationName(profile, current) : wanted;
  return name === null ? null : { name, toplevel: specialisationAt(target, name) };
}
