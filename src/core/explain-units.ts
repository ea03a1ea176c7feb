/** Why the stop of a unit matters to a deploy. */
export type Role = "ci-runner" | "ssh";

export interface UnitInPlan {
  readonly name: string;
  readonly role: Role | null;
}

/** What a switch would do to units, each unit in one list only. */
export interface UnitChanges {
  readonly stop: UnitInPlan[];
  readonly restart: UnitInPlan[];
  readonly reload: UnitInPlan[];
  readonly start: UnitInPlan[];
  readonly keep: UnitInPlan[];
}

interface Lists {
  readonly stop: readonly string[];
  readonly restart: readonly string[];
  readonly reload: readonly string[];
  readonly start: readonly string[];
  readonly skip: readonly string[];
}

/**
 * Puts together what switch-to-configuration tells apart: it stops a changed service
 * before the activation and starts it after it, or starts the socket that will.
 *
 * @param runners the units of the configured CI runners
 */
export function unitChanges(lists: Lists, runners: readonly string[]): UnitChanges {
  const comesBack = (name: string): boolean =>
    lists.start.includes(name) || lists.start.includes(name.replace(/\.service$/, ".socket"));
  const again = new Set([...lists.restart, ...lists.stop.filter(comesBack)]);
  const marked = (names: Iterable<string>): UnitInPlan[] =>
    [...new Set(names)].toSorted().map((name) => ({ name, role: roleOf(name, runners) }));
  return {
    stop: marked(lists.stop.filter((name) => !again.has(name))),
    restart: marked(again),
    reload: marked(lists.reload.filter((name) => !again.has(name))),
    start: marked(lists.start.filter((name) => !again.has(name))),
    keep: marked(lists.skip),
  };
}

function roleOf(name: string, runners: readonly string[]): Role | null {
  if (runners.includes(name)) return "ci-runner";
  return /^sshd?(@.*)?\.(service|socket)$/.test(name) ? "ssh" : null;
}
