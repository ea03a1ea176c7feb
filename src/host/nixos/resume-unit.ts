import { statSync } from "node:fs";
import { join } from "node:path";
import { RESUME_UNIT } from "../../core/record/id.ts";
import { listFolder } from "../files/durable.ts";

const UNITS = "etc/systemd/system";

/** Whether a system starts the resume unit at boot: it has the unit file, and another unit wants it. */
export function hasResumeUnit(toplevel: string): boolean {
  const folder = join(toplevel, UNITS);
  if (!isUnitFile(join(folder, RESUME_UNIT))) return false;
  // The module's own folder first: this is looked at while a deploy waits.
  const isIn = (name: string): boolean => isUnitFile(join(folder, name, RESUME_UNIT));
  return isIn("multi-user.target.wants") || listFolder(folder).filter(isWish).some(isIn);
}

/** A unit that is masked leads to /dev/null. */
function isUnitFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

function isWish(name: string): boolean {
  return /\.target\.(wants|requires|upholds)$/.test(name);
}
