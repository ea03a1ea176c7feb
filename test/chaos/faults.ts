import { writeFileSync, appendFileSync } from "node:fs";
import { makeClockSettable, setClock } from "../on-host/clock-steps.ts";
import { STATE_DIR } from "../on-host/deploying.ts";
import type { Host } from "../test-host/host.ts";

/** What happens to a host while it finalizes. */
export interface Fault {
  readonly name: string;
  /** What it hits: a process of the finalization, which some states do not have, or the host. */
  readonly hits: "process" | "host";
  readonly strike: (host: Host, unit: string) => Promise<void>;
  /** Ends a fault that lasts. */
  readonly heal?: (host: Host, unit: string) => Promise<void>;
  /** For how long the finalization is left with the fault, if it does not end before. */
  readonly lastsMs: number;
  /** The moments in which the host cannot do any better than to end as `failed`, and to say why. */
  readonly mayFailIn?: readonly string[];
}

const HOUR = 3600;
const FILL = `${STATE_DIR}/fill`;

/** A command inside, as root. What fails because the host goes down counts as done. */
async function inside(host: Host, script: string): Promise<void> {
  await host.run(["bash", "-c", script]).catch(() => {});
}

/** A service of the host and what would start it again. Its restart is the end of the fault. */
function stopped(name: string, units: string, stopsToo = ""): Fault {
  return {
    name: `${name} stopped`,
    hits: "host",
    strike: async (host) => {
      await inside(host, `systemctl mask --runtime --quiet ${units}; systemctl stop ${units}`);
    },
    heal: async (host) => {
      await inside(
        host,
        `systemctl unmask --runtime --quiet ${units}; systemctl start ${units} ${stopsToo}`,
      );
    },
    lastsMs: 5000,
  };
}

function signal(name: string, who: "main" | "all"): Fault {
  return {
    name: `SIG${name} to ${who === "main" ? "the main process" : "all"}`,
    hits: "process",
    strike: async (host, unit) => await kill(host, unit, name, who),
    lastsMs: 0,
  };
}

function frozen(who: "main" | "all"): Fault {
  return {
    ...signal("STOP", who),
    name: `SIGSTOP and CONT to ${who === "main" ? "the main process" : "all"}`,
    heal: async (host, unit) => await kill(host, unit, "CONT", who),
    lastsMs: 3000,
  };
}

async function kill(host: Host, unit: string, name: string, who: "main" | "all"): Promise<void> {
  await inside(host, `systemctl kill --signal=${name} --kill-who=${who} ${unit}`);
}

function clock(name: string, seconds: number): Fault {
  return {
    name,
    hits: "host",
    strike: async (host) => await setClock(host, seconds),
    lastsMs: 0,
  };
}

/** As `makeClockSettable`; a reboot ends it. */
export async function prepareClock(host: Host): Promise<void> {
  await makeClockSettable(host);
  await setClock(host, 0);
}

export const FAULTS: readonly Fault[] = [
  {
    name: "daemon-reexec",
    hits: "host",
    strike: async (host) => await inside(host, "systemctl daemon-reexec"),
    lastsMs: 0,
  },
  {
    ...stopped("dbus", "dbus.socket dbus.service", "systemd-logind.service"),
    // Without the bus, no switch starts what it has stopped.
    mayFailIn: ["rolling-back"],
  },
  stopped(
    "journald",
    "systemd-journald.socket systemd-journald-dev-log.socket systemd-journald-audit.socket systemd-journald.service",
  ),
  stopped("logind", "systemd-logind.service"),
  frozen("main"),
  frozen("all"),
  signal("TERM", "main"),
  signal("TERM", "all"),
  signal("HUP", "main"),
  signal("HUP", "all"),
  {
    name: "ENOSPC in the state folder",
    hits: "host",
    strike: async (host) => fill(host.path(FILL)),
    heal: async (host) => await inside(host, `rm -f ${FILL}`),
    lastsMs: 5000,
  },
  {
    name: "EROFS in the state folder",
    hits: "host",
    strike: async (host) => await inside(host, `mount -o remount,bind,ro ${STATE_DIR}`),
    heal: async (host) => await inside(host, `mount -o remount,bind,rw ${STATE_DIR}`),
    lastsMs: 5000,
  },
  {
    name: "EMFILE in the main process",
    hits: "process",
    strike: async (host, unit) => {
      await inside(
        host,
        `pid=$(systemctl show -P MainPID ${unit})
         top=$(ls /proc/$pid/fd | sort -n | tail -n 1)
         prlimit --pid $pid --nofile=$((top + 1)):`,
      );
    },
    heal: async (host, unit) => {
      await inside(host, `prlimit --pid $(systemctl show -P MainPID ${unit}) --nofile=1024:`);
    },
    lastsMs: 5000,
  },
  clock("the clock an hour forward", HOUR),
  clock("the clock an hour back", -HOUR),
];

/** Until nothing more fits. */
function fill(path: string): void {
  writeFileSync(path, "");
  for (let size = 65_536; size >= 1;) {
    try {
      appendFileSync(path, Buffer.alloc(size));
    } catch {
      size = Math.floor(size / 4);
    }
  }
}
