import { existsSync, realpathSync } from "node:fs";
import { join } from "node:path";
import type { Lists } from "./lists.ts";
import type { Unit } from "./systemctl.ts";
import { compareUnitFiles, flag, readUnitFile, type UnitFile } from "./unit-file.ts";

/** Whose units: where their files are now and in the new toplevel. */
export type Scope = { current: string; next: string; lists: Lists };

export type Plan = {
  stop: Set<string>;
  skip: Set<string>;
  start: Set<string>;
  restart: Set<string>;
  reload: Set<string>;
  /** Active targets, started again (silently) so that what they newly want starts. */
  targets: Set<string>;
};

/** What to do with each active unit of /etc, from its running and its new definition. */
export function plan(scope: Scope, units: Map<string, Unit>, mode: "look" | "record"): Plan {
  const { lists } = scope;
  const made: Plan = {
    stop: new Set(),
    skip: new Set(),
    start: new Set(lists.read("start").filter((unit) => !unit.endsWith(".target"))),
    restart: new Set(lists.read("restart")),
    reload: new Set(lists.read("reload")),
    targets: new Set(lists.read("start").filter((unit) => unit.endsWith(".target"))),
  };
  for (const unit of units.values()) {
    const running = unit.state === "active" || unit.state === "activating";
    if (running) planUnit(scope, unit.name, units, made);
  }
  if (mode === "record") {
    lists.record("start", [...made.start, ...made.targets]);
    lists.record("restart", made.restart);
    lists.record("reload", made.reload);
  }
  return made;
}

function planUnit(scope: Scope, name: string, units: Map<string, Unit>, made: Plan): void {
  const { current: currentFolder, next: nextFolder } = scope;
  // An instance without a file of its own is defined by its template.
  const template = name.replace(/@[^.]*\./, "@.");
  const own = existsSync(join(currentFolder, name)) || existsSync(join(nextFolder, name));
  const file = own ? name : template;
  // Units from elsewhere (Debian's own, generated ones) are not the toplevel's to change.
  if (!existsSync(join(currentFolder, file))) return;
  const current = readUnitFile(join(currentFolder, file));
  if (gone(join(nextFolder, file))) {
    if (flag(current, "Unit.X-StopOnRemoval", "yes")) made.stop.add(name);
    return;
  }
  const next = readUnitFile(join(nextFolder, file));
  if (name.endsWith(".target")) planTarget(name, next, made);
  else planChange(name, compareUnitFiles(current, next), next, { scope, units, made });
}

/** Not there, or masked. */
export function gone(path: string): boolean {
  return !existsSync(path) || realpathSync(path) === "/dev/null";
}

function planTarget(name: string, next: UnitFile, made: Plan): void {
  if (!flag(next, "Unit.RefuseManualStart", "no") && !flag(next, "Unit.X-OnlyManualStart", "no"))
    made.targets.add(name);
  if (flag(next, "Unit.X-StopOnReconfiguration", "no")) made.stop.add(name);
}

function planChange(
  name: string,
  change: "equal" | "restart" | "reload",
  next: UnitFile,
  { scope, units, made }: { scope: Scope; units: Map<string, Unit>; made: Plan },
): void {
  if (change === "equal" || /\.(path|slice|socket)$/.test(name)) return;
  if (change === "reload" || flag(next, "Service.X-ReloadIfChanged", "no")) {
    made.reload.add(name);
  } else if (staysAsItIs(next)) {
    made.skip.add(name);
  } else if (!flag(next, "Service.X-StopIfChanged", "yes") || !name.endsWith(".service")) {
    made.restart.add(name);
  } else {
    made.stop.add(name);
    const activatedBySocket = planSockets(name, next, { scope, units, made });
    if (!activatedBySocket || flag(next, "Service.X-NotSocketActivated", "no"))
      made.start.add(name);
  }
}

/** Stops and starts the sockets of a service; whether one of them starts the service. */
function planSockets(
  name: string,
  next: UnitFile,
  { scope, units, made }: { scope: Scope; units: Map<string, Unit>; made: Plan },
): boolean {
  const named = (next.get("Service.Sockets") ?? []).join(" ").split(/\s+/).filter(Boolean);
  const own = name.replace(/(@.*)?\.service$/, ".socket");
  const sockets = named.length > 0 ? named : [own];
  const stays = (socket: string): boolean => existsSync(join(scope.next, socket));
  for (const socket of sockets.filter((one) => units.has(one))) {
    made.stop.add(socket);
    if (stays(socket)) made.start.add(socket);
  }
  return sockets.some(stays);
}

function staysAsItIs(next: UnitFile): boolean {
  return (
    !flag(next, "Service.X-RestartIfChanged", "yes") ||
    flag(next, "Unit.RefuseManualStop", "no") ||
    flag(next, "Unit.X-OnlyManualStart", "no")
  );
}
