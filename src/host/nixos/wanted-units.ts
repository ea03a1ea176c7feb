import { realpathSync } from "node:fs";
import { basename, join } from "node:path";
import { listFolder } from "../files/durable.ts";

/** It wants the target that a boot reaches: systemd starts that one because of its name. */
export const DEFAULT_TARGET = "default.target";

const UNIT_NAME =
  /^[A-Za-z0-9:_.\\@-]+\.(service|socket|timer|path|mount|automount|swap|target|slice|device)$/;
const TEMPLATE = /@(?=\.[a-z]+$)/;

/**
 * The units that a system's own folders of links say are wanted, each with the units that want it:
 * `NAME.wants`, `NAME.requires` and `NAME.upholds` of systemd.unit(5). systemd forgets these links
 * of a unit that it cannot load. Names are those that systemd gives the units: no aliases, and no
 * templates, because `systemctl show` accepts none.
 */
export function wantedUnits(toplevel: string): Map<string, string[]> {
  const folder = join(toplevel, "etc/systemd/system");
  const wanted = new Map<string, string[]>();
  const add = (name: string, by: string): void => {
    const unit = withoutAlias(folder, name);
    if (UNIT_NAME.test(unit)) wanted.set(unit, [...(wanted.get(unit) ?? []), by]);
  };
  const names = listFolder(folder);
  if (names.includes(DEFAULT_TARGET)) add(DEFAULT_TARGET, DEFAULT_TARGET);
  for (const name of names) {
    const by = name.replace(/\.(wants|requires|upholds)$/, "");
    if (by === name || !UNIT_NAME.test(by)) continue;
    const user = withoutAlias(folder, by);
    for (const entry of listFolder(join(folder, name))) add(instanceFor(entry, by), user);
  }
  return wanted;
}

/** A link to a template stands for the instance that bears the name of the unit that wants it. */
function instanceFor(unit: string, by: string): string {
  const [, prefix = "", instance] = /^([^@]*)(?:@(.*))?\.[a-z]+$/.exec(by) ?? [];
  return unit.replace(TEMPLATE, () => `@${instance ?? prefix}`);
}

/** An alias is a link to the file of another unit; an instance has that of its template. */
function withoutAlias(folder: string, name: string): string {
  try {
    const file = basename(realpathSync(join(folder, name)));
    const isAlias = UNIT_NAME.test(file) && !TEMPLATE.test(file) && !TEMPLATE.test(name);
    return isAlias ? file : name;
  } catch {
    return name; // Another folder of systemd has it, or nobody.
  }
}
