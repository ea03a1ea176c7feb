/** Where a process belongs: the unit, or what stands for one. */
export type Place =
  | { readonly kind: "unit"; readonly unit: string }
  /** Everything of one person: login sessions, the user manager and its units. */
  | { readonly kind: "user"; readonly userId: number }
  | { readonly kind: "container"; readonly unit: string }
  | { readonly kind: "none" };

/** systemd.unit(5): the characters of a unit's name, and at most 255 of them. */
const UNIT = /^[A-Za-z0-9:_.\\@-]{1,247}\.(service|scope|socket|mount|swap)$/;

/** The scopes that container engines and systemd-machined make. */
const CONTAINER = /^(machine-|docker-|libpod-|crio-|cri-containerd-|nspawn-|incus-|lxc-).*\.scope$/;

/**
 * The place of a process, from the text of its `/proc/PID/cgroup`: cgroups(7).
 * The names of groups are foreign text; only a well-formed name of a unit is taken over.
 */
export function placeOf(groups: string): Place {
  const parts = systemdGroup(groups).split("/");
  const userId = parts.map((part) => /^user-(\d{1,10})\.slice$/.exec(part)?.[1]).find(Boolean);
  if (userId !== undefined) return { kind: "user", userId: Number(userId) };
  const at = parts.findIndex((part) => UNIT.test(part));
  const unit = parts[at];
  if (unit === undefined) return { kind: "none" };
  // systemd-nspawn keeps its own process and those of the container in groups of their own.
  const isInside = CONTAINER.test(unit) || parts[at + 1] === "payload";
  return { kind: isInside ? "container" : "unit", unit };
}

/** systemd uses the hierarchy `N:name=systemd:PATH` with cgroup v1, else `0::PATH`; the other one says `/`. */
function systemdGroup(groups: string): string {
  const paths = groups
    .split("\n")
    .map((line) => /^(?:\d+:name=systemd|0:):(\/.+)$/.exec(line)?.[1]);
  return paths.find((path) => path !== undefined) ?? "";
}
