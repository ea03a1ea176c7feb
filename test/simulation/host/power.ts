import { bootDefaultOn, takeNext } from "./boot.ts";
import type { Machine } from "./machine.ts";
import type { ResumeUnits } from "./systemd/resume-unit.ts";
import { startWeb } from "./switch.ts";
import { makeFoldersOfLogind } from "./logind/logind.ts";
import { fillRun, type System } from "./systems.ts";
import { newUnit, startPlain, type Unit } from "./systemd/units.ts";

const RESUME = "deploy-finalize-resume.service";
const STUCK = "deploy-finalize-stuck-boot.service";
const TIMER = "deploy-finalize-stuck-boot.timer";

/** Boots what the loader starts. A system that does not come up is reset, and the loader boots its default. */
export function boot(
  machine: Machine,
  systems: ReadonlyMap<string, System>,
  lastResort: string,
  resume: ResumeUnits,
): void {
  const { disk, nextBoot: end } = machine;
  machine.nextBoot = "complete";
  const first = takeNext(disk);
  const comesUp = (path: string | null): path is string =>
    path !== null && systems.get(path)?.health !== "does not boot" && systems.has(path);
  const second = bootDefaultOn(disk);
  // If that does not come up either, a person chooses in the menu.
  const booted = [first, second].find(comesUp) ?? lastResort;
  machine.bootNumber++;
  machine.bootedAtMs = machine.clocks.monoMs;
  machine.trace("host", `boots ${booted}${OMEN[end]}`);
  for (const name of ["run", "proc"]) disk.empty(`/${name}`);
  fillRun(disk, booted, `boot-${machine.bootNumber}`);
  if (machine.logind !== null) makeFoldersOfLogind(disk);
  addUnits(machine, systems.get(booted)?.health ?? "good", end, resume);
}

const OMEN = {
  complete: "",
  "was long ago": "",
  hangs: ", and hangs",
  "ends in emergency mode": ", which ends in emergency mode",
} as const;

/** After so long somebody resets a machine that hangs, and one whose console asks for somebody. */
const RESET_MS = { hangs: 3_600_000, "ends in emergency mode": 240_000 };
/** After so long a boot is complete, or ends in emergency mode. */
const BOOT_MS = 5000;

function addUnits(
  machine: Machine,
  health: System["health"],
  end: Machine["nextBoot"],
  { service, timerMs, isForEmergency }: ResumeUnits,
): void {
  const { systemd, clocks, bootNumber } = machine;
  const add = (name: string): Unit => systemd.add(newUnit(name));
  const targets = ["default.target", "multi-user.target"].map(add);
  const emergency = add("emergency.target");
  startPlain(systemd.add(newUnit("runner.service", { isBusy: machine.isRunnerBusy })), clocks);
  for (const name of ["basic.target", "web.service"]) {
    startPlain(add(name), clocks);
  }
  startWeb(machine, health);
  const resume = systemd.add(newUnit(RESUME, { service: { ...service, afterEnd: "active" } }));
  const stuck = systemd.add(newUnit(STUCK, { service }));
  const timer = systemd.add(
    newUnit(TIMER, timerMs === null ? {} : { active: "active", sub: "waiting" }),
  );
  const complete = (): void => {
    for (const target of targets) startPlain(target, clocks);
    if (systemd.state === "starting") systemd.state = "running";
  };
  if (end === "was long ago") {
    resume.active = "active";
    resume.sub = "exited";
    timer.sub = "elapsed";
    return complete();
  }
  // Its start waits for the boot.
  resume.job = "start";
  if (timerMs !== null) {
    clocks.after(timerMs, "the timer of a stuck boot elapses", () => {
      timer.sub = "elapsed";
      systemd.queueStart(stuck);
    });
  }
  if (end === "complete") {
    clocks.after(BOOT_MS, "the boot is complete", () => {
      complete();
      systemd.queueStart(resume);
    });
    return;
  }
  clocks.after(RESET_MS[end], "somebody resets the machine", () => {
    if (machine.bootNumber === bootNumber) machine.power = "cut";
  });
  if (end === "hangs") return;
  clocks.after(BOOT_MS, "the boot ends in emergency mode", () => {
    startPlain(emergency, clocks);
    resume.job = null;
    if (systemd.state === "starting") systemd.state = "maintenance";
    if (isForEmergency) systemd.queueStart(stuck);
  });
}
