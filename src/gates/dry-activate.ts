/** What `switch-to-configuration dry-activate` says that a switch would do to units. */
export interface UnitPlan {
  readonly stop: readonly string[];
  readonly restart: readonly string[];
  readonly reload: readonly string[];
  readonly start: readonly string[];
  /** Changed, but left as they are. */
  readonly skip: readonly string[];
}

/** Also `… units as well: `, which older ones said of what the activation script asks for. */
const LINE =
  /^would (NOT )?(stop|restart|reload|start) the following (?:changed )?units(?: as well)?: (.*)$/;

/** Reads the output of switch-to-configuration, Rust or Perl; other lines mean nothing (notes/dry-activate.md). */
export function parseDryActivate(text: string): UnitPlan {
  const plan = {
    stop: new Set<string>(),
    restart: new Set<string>(),
    reload: new Set<string>(),
    start: new Set<string>(),
    skip: new Set<string>(),
  };
  for (const line of text.split("\n")) {
    const [, not, verb, names = ""] = LINE.exec(line.trimEnd()) ?? [];
    const list = not === undefined ? listOf(plan, verb) : plan.skip;
    for (const name of names.split(", ")) if (name !== "") list?.add(name);
  }
  return {
    stop: [...plan.stop],
    restart: [...plan.restart],
    reload: [...plan.reload],
    start: [...plan.start],
    skip: [...plan.skip],
  };
}

function listOf<List>(
  plan: Readonly<Record<"stop" | "restart" | "reload" | "start", List>>,
  verb: string | undefined,
): List | undefined {
  switch (verb) {
    case "stop":
    case "restart":
    case "reload":
    case "start":
      return plan[verb];
    default:
      return undefined;
  }
}
