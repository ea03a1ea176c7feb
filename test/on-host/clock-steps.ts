import type { Host } from "../test-host/host.ts";

// The clock of a container is that of its kernel, so it cannot be set here. The program reads it
// through Date, and systemd through the calendar time of a timer: a step is made for each.

const OFFSET = "/run/clock-offset";

/** Adds the seconds in a file to what Date says, in every process that systemd starts from now on. */
const PRELOADED = `
import { readFileSync } from "node:fs";
const Real = Date;
const now = () => {
  let offset = 0;
  try { offset = Number(readFileSync("${OFFSET}", "utf8")); } catch {}
  return Real.now() + offset * 1000;
};
globalThis.Date = class extends Real {
  constructor(...given) {
    if (given.length === 0) super(now());
    else super(...given);
  }
  static now() { return now(); }
};
`;

/** Makes the clock of the program one that can be set, for its units. */
export async function makeClockSettable(host: Host): Promise<void> {
  await host.write("/root/clock.mjs", PRELOADED);
  await host.ok(["systemctl", "set-environment", "NODE_OPTIONS=--import=/root/clock.mjs"]);
}

/** Sets the clock of the program, by so many seconds in all, also while it runs. */
export async function setClock(host: Host, seconds: number): Promise<void> {
  await host.shell(`echo ${seconds} > ${OFFSET}.new; mv ${OFFSET}.new ${OFFSET}`);
}

/**
 * A PATH whose systemd-run moves calendar times by so many seconds: a clock that is set back later
 * makes a timer late, and one that is set forward makes it early.
 */
export async function moveCalendar(host: Host, seconds: number): Promise<string> {
  await host.write(
    "/root/moved/systemd-run",
    `#!/bin/bash
for word; do
  case $word in
    --on-calendar=*)
      at=$(date --utc --date="\${word#--on-calendar=} ${seconds} seconds" "+%F %T.%3N UTC")
      set -- "$@" "--on-calendar=$at" ;;
    *) set -- "$@" "$word" ;;
  esac
  shift
done
exec /usr/bin/systemd-run "$@"
`,
  );
  await host.ok(["chmod", "+x", "/root/moved/systemd-run"]);
  return "PATH=/root/moved:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
}
