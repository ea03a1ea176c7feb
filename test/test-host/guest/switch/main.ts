/**
 * Stand-in for NixOS' switch-to-configuration, for the test host only. Order of acts, exit codes
 * and the texts that tools parse are those of switch-to-configuration-ng (nixpkgs,
 * pkgs/by-name/sw/switch-to-configuration-ng/src/main.rs). Left out: fstab and swap, and unit lists
 * written by the activation script.
 * The lock is already held: ../switch-to-configuration took it.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, realpathSync } from "node:fs";
import { env, exit, argv } from "node:process";
import { apply, realPath, replacesSystemd } from "./apply.ts";
import { Lists } from "./lists.ts";
import { plan } from "./plan.ts";
import { say, sayUnits } from "./say.ts";
import { Manager } from "./systemctl.ts";

const toplevel = env["TOPLEVEL"] ?? "";
const action = argv[2] ?? "";

/** 1: refused before anything was changed. */
function refuseUnless(programName: string, args: string[], complaint: string): void {
  const { status } = spawnSync(env[programName] ?? "", args, { stdio: "inherit" });
  if (status === 0) return;
  say(complaint);
  exit(1);
}

function read(path: string): string {
  return existsSync(path) ? readFileSync(path, "utf8") : "";
}

if (env["NIXOS_NO_CHECK"] !== "1") {
  refuseUnless("PRE_SWITCH_CHECK", [toplevel, action], "Pre-switch checks failed");
}
if (action === "check") exit(0);
if (action === "switch" || action === "boot") {
  refuseUnless("INSTALL_BOOTLOADER", [toplevel], "Failed to install bootloader");
}
// The real one syncs the store's file system here. A test host loses no page cache, so no sync.
if (action === "boot") exit(0);

if (
  read("/run/current-system/init-interface-version") !== read(`${toplevel}/init-interface-version`)
) {
  say("Warning: the new system has another init interface: it takes effect by a reboot only.");
  exit(100);
}
const forced = read(`${toplevel}/stand-in/switch-exit`);
if (forced !== "" && action !== "dry-activate") exit(Number(forced));

const manager = new Manager("system");
const lists = new Lists("/run/nixos");
const old = existsSync("/run/current-system") ? realpathSync("/run/current-system") : "";
const before = manager.units();
const systemConf = realPath("/etc/systemd/system.conf");
const folder = "/etc/systemd/system";
const planned = plan(
  { current: folder, next: `${toplevel}${folder}`, lists },
  before,
  action === "dry-activate" ? "look" : "record",
);
if (action === "dry-activate") {
  // No user units: the real one does not look at them here.
  sayUnits("would stop the following units", planned.stop);
  sayUnits("would NOT stop the following changed units", planned.skip);
  say("would activate the configuration...");
  if (replacesSystemd(toplevel, systemConf)) say("would restart systemd");
  sayUnits("would reload the following units", planned.reload);
  sayUnits("would restart the following units", planned.restart);
  sayUnits("would start the following units", planned.start);
  exit(0);
}
exit(await apply({ toplevel, old, manager, lists, plan: planned, before, systemConf }));
