/**
 * The part of the stand-in that runs as a user, started by users.ts after the activation: /etc and
 * /run/current-system are the new ones by then. It compares /etc/systemd/user of both toplevels.
 * Left out: units that move there from the user's own folder (home-manager).
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { env, exit } from "node:process";
import { Lists } from "./lists.ts";
import { gone, plan, type Scope } from "./plan.ts";
import { die, say, sayUnits } from "./say.ts";
import { Manager, type Unit } from "./systemctl.ts";
import { Tally } from "./tally.ts";

const runtime = env["XDG_RUNTIME_DIR"] ?? "";
const folder = "etc/systemd/user";
const activation = "nixos-activation.service";

// logind also lists a user whose manager has failed or is about to end.
if (!existsSync(join(runtime, "bus"))) die("Failed to open dbus connection");

const manager = new Manager("user");
const tally = new Tally(manager, "user unit ");
const lists = new Lists(join(runtime, "nixos"));
const scope: Scope = {
  current: join(env["OLD_TOPLEVEL"] ?? "", folder),
  next: join(env["TOPLEVEL"] ?? "", folder),
  lists,
};
const made = plan(scope, fromEtc(manager.units()), "record");
made.skip.delete(activation);

sayUnits("stopping the following user units", made.stop);
await tally.jobs("stop", made.stop);
sayUnits("NOT restarting the following user units", made.skip);
// The real one ignores the results of these three.
for (const verb of ["daemon-reexec", "reset-failed", "daemon-reload"]) await manager.run(verb);
sayUnits("reloading the following user units", made.reload);
await tally.jobs("reload", made.reload);
lists.remove("reload");
sayUnits("restarting the following user units", made.restart);
await tally.jobs("restart", made.restart);
lists.remove("restart");
sayUnits("starting the following user units", made.start);
await tally.jobs("start", [...made.targets, ...made.start]);
lists.remove("start");
await activate();
const failed = tally.sayFailed();
sayUnits("warning: the following user units failed", failed);
exit(tally.exitCode);

/** Ignores the result, as the real one does: a failure is a failed user unit and exit code 0. */
async function activate(): Promise<void> {
  if (gone(join(scope.next, activation))) return;
  sayUnits("restarting the following user units", [activation]);
  const { refused } = await manager.jobs("restart", [activation]);
  for (const { why } of refused) {
    say(`Failed to restart ${activation}: ${why}`);
    tally.exitCode = 4;
  }
}

/** Only units from /etc/systemd/user: the switch leaves a user's own unit alone. */
function fromEtc(units: Map<string, Unit>): Map<string, Unit> {
  const shown = manager.ask("show", "--property=Id,FragmentPath", "--", ...units.keys());
  const theirs = new Set(
    shown
      .split("\n\n")
      .filter((block) => block.includes(`FragmentPath=/${folder}/`))
      .map((block) => /^Id=(.*)$/m.exec(block)?.[1]),
  );
  return new Map([...units].filter(([name]) => theirs.has(name)));
}
