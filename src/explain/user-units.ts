import { join } from "node:path";
import type { Config } from "../core/config/config.ts";
import type { FinalizationRecord } from "../core/record/record.ts";
import { type Change, changeOf } from "../core/user-units/changes.ts";
import { ownControlGroups } from "../host/files/control-group.ts";
import { listFolder } from "../host/files/durable.ts";
import { unitTexts } from "../host/nixos/unit-texts.ts";
import type { Host } from "../host/process/host.ts";
import { usersWithManager } from "../host/systemd/user-managers.ts";
import { userNameOf } from "../host/systemd/logind/sessions.ts";
import type { ExplainJson } from "../json/explain.ts";
import type { Warning } from "./warnings.ts";

const FOLDER = "etc/systemd/user";

/**
 * What a switch would do to units of running user managers. `dry-activate` does not say that, so
 * the units of both systems are compared. Null if no user manager runs.
 */
export function explainUserUnits({ paths }: Host, target: string): ExplainJson["userUnits"] {
  const userIds = usersWithManager(paths);
  if (userIds.length === 0) return null;
  const names = listFolder(join(paths.currentSystem, FOLDER)).filter((name) => UNIT.test(name));
  const changes = names.toSorted().map((unit): readonly [string, Change] => {
    const before = unitTexts(paths.currentSystem, FOLDER, unit);
    return [
      unit,
      before === null ? "nothing" : changeOf(unit, before, unitTexts(target, FOLDER, unit)),
    ];
  });
  const of = (wanted: Change): string[] =>
    changes.flatMap(([unit, change]) => (change === wanted ? [unit] : []));
  return {
    users: userIds.map((id) => userNameOf(paths, id)),
    stop: of("stop"),
    restart: of("restart"),
    reload: of("reload"),
    keep: of("keep"),
  };
}

const UNIT = /\.(service|socket|mount|automount|swap|target|path|timer|slice)$/;

/** Runners of a user manager: no gate waits for their jobs, and no act drains them. */
export function aboutUserRunners(
  { paths }: Host,
  { waitFor }: Config,
  target: string,
  forgeRun: FinalizationRecord["forgeRun"],
): Warning[] {
  const systems = [paths.currentSystem, target];
  const has = (folder: string, unit: string): boolean =>
    systems.some((system) => unitTexts(system, folder, unit) !== null);
  const configured = waitFor.runners
    .map(({ unit }) => unit)
    .filter((unit) => has(FOLDER, unit) && !has("etc/systemd/system", unit))
    .map((unit) => `the CI runner ${unit} is a unit of user managers: ${NOT_SEEN}`);
  const own = forgeRun === null ? null : userUnitOf(ownControlGroups(paths));
  const caller =
    own === null
      ? []
      : [`the CI runner of this job, ${own}, is a unit of a user manager: ${NOT_SEEN}`];
  const texts = [...new Set(configured), ...caller];
  return texts.map((text) => ({ kind: "runner-in-user-manager", text, at: null }));
}

const NOT_SEEN = "a switch may stop it with its job, and nothing waits for that";

/** The unit of a user manager to which a control group belongs; null if it belongs to none. */
export function userUnitOf(groups: string): string | null {
  const group = /\/user@\d+\.service\/(.*)/.exec(groups)?.[1] ?? "";
  const unit = group.split("/").find((part) => /^[A-Za-z0-9:_.\\@-]{1,240}\.service$/.test(part));
  return unit ?? null;
}
