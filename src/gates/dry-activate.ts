/** What `switch-to-configuration dry-activate` says that a switch would do to units. */
export interface UnitPlan {
  readonly stop: readonly string[];
  readonly restart: readonly string[];
  readonly reload: readonly string[];
  readonly start: readonly string[];
  /** Changed, but left as they are. */
  readonly skip: readonly string[];
  /** Whether PID 1 executes itself anew, by which no unit stops. */
  readonly systemd: "stays" | "restarts";
}

type Verb = "stop" | "restart" | "reload" | "start";

/** Also `… units as well: `, which older ones said of what the activation script asks for. */
const LINE =
  /^would (NOT )?(stop|restart|reload|start) the following (?:changed )?units(?: as well)?: (.*)$/;

const SYSTEMD = "would restart systemd";

/**
 * Reads the output of switch-to-configuration, in Rust or Perl; all other lines mean
 * nothing here (notes/dry-activate.md).
 */
export function parseDryActivate(text: string): UnitPlan {
  const lines = text.split("\n");
  const said = lines.flatMap(parseLine);
  const unitsOf = (verb: Verb | "skip") => [
    ...new Set(said.flatMap((line) => (line.verb === verb ? line.units : []))),
  ];
  return {
    stop: unitsOf("stop"),
    restart: unitsOf("restart"),
    reload: unitsOf("reload"),
    start: unitsOf("start"),
    skip: unitsOf("skip"),
    systemd: lines.some((line) => line.trimEnd() === SYSTEMD) ? "restarts" : "stays",
  };
}

function parseLine(line: string): { readonly verb: string; readonly units: string[] }[] {
  const [, not, verb = "", names = ""] = LINE.exec(line.trimEnd()) ?? [];
  const units = names.split(", ").filter((name) => name !== "");
  return units.length === 0 ? [] : [{ verb: not === undefined ? verb : "skip", units }];
}
