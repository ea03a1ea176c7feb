import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import type { State } from "../../src/core/states.ts";
import { awaitsConfirmation, call, entered, STATE_DIR, systemSpec } from "../on-host/deploying.ts";
import { service } from "../on-host/tables.ts";
import type { Host, ToplevelSpec } from "../test-host/host.ts";

/** A deploy that is brought to a state and kept there. */
export interface Moment {
  readonly name: string;
  readonly action: "switch" | "reboot";
  /** The end that it has without a fault. */
  readonly end: State;
  /** Whether a process drives the finalization then. */
  readonly driver: "timer" | "process";
  readonly delaySeconds: number;
  /** Before the deploy: what will keep it. */
  readonly hold: (host: Host, played: Played) => Promise<void>;
  readonly reached: (host: Host, played: Played) => Promise<unknown>;
  readonly release: (host: Host, played: Played) => Promise<void>;
}

/** One deploy: its label, that of the system before, and the ID once it has one. */
export interface Played {
  readonly label: string;
  readonly before: string;
  readonly target: string;
  readonly id: string;
}

const HOLDS = "/root/hold";

/** The files are made and removed from outside, so that no fault is in the way. */
async function prepareHolds(host: Host): Promise<void> {
  for (const folder of ["hold", "held"]) {
    rmSync(host.path(`/root/${folder}`), { recursive: true, force: true });
    mkdirSync(host.path(`/root/${folder}`));
  }
}

const keep = (host: Host, name: string): void => writeFileSync(host.path(`${HOLDS}/${name}`), "");
const letGo = (host: Host, name: string): void =>
  rmSync(host.path(`${HOLDS}/${name}`), { force: true });

async function isHeld(host: Host, name: string): Promise<void> {
  const path = (): string => host.path(`/root/held/${name}`);
  await host.until(`${name} is kept`, () => existsSync(path()), { deadlineMs: 60_000 });
}

/** Shell words that wait while a file exists, and say so by another one. */
const waitWhile = (name: string): string =>
  `while test -e ${HOLDS}/${name}; do touch /root/held/${name}; sleep 0.1; done`;

/** The program's systemctl: to ask for a reboot may take long, in the state `rebooting` or `rolling-back`. */
const SYSTEMCTL = `#!/bin/sh
if [ "$1" = reboot ]; then
  state=$(jq --raw-output .state ${STATE_DIR}/current)
  ${waitWhile("$state")}
fi
exec /usr/bin/systemctl "$@"
`;

export const PATH = "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Before each deploy, because a reboot or a cell that went wrong leaves something. */
export async function prepareMoments(host: Host): Promise<void> {
  await prepareHolds(host);
  const path = host.path("/usr/local/bin/systemctl");
  writeFileSync(path, SYSTEMCTL, { mode: 0o755 });
}

const RUNNERS = [{ unit: "ci-runner.service", detect: { kind: "processes" } }];
/** What a cell may wait for at most; a fault that lasts must not be the end of a deploy. */
const LONGEST = 600;

/** The system of a label. Its runner and hold.service are others than those of any other label. */
export function systemOf(label: string, kernel = "6.12.3", confirm = false): ToplevelSpec {
  const good = `test ! -e /root/hold/rejected`;
  const kept = `test ! -e ${HOLDS}/verifying || { touch /root/held/verifying; exit 1; }`;
  const checks = [
    { kind: "command", name: "accepted", command: ["sh", "-c", good], deadline: 0 },
    { kind: "command", name: "kept", command: ["sh", "-c", kept], deadline: LONGEST },
  ];
  const verify = { settle: 0, checks, ...(confirm ? { confirm: { within: LONGEST } } : {}) };
  const waitFor = { runners: RUNNERS, timeout: LONGEST };
  const hold = `Type=oneshot\nRemainAfterExit=true\nExecStart=/bin/sh -c '${waitWhile(label)}'`;
  const units = { "hold.service": service(hold) };
  return systemSpec({ label, kernel, runner: label, units }, { verify, waitFor });
}

const plain: Omit<Moment, "name" | "reached"> = {
  action: "switch",
  end: "live",
  driver: "process",
  delaySeconds: 0,
  hold: async () => {},
  release: async () => {},
};

export const MOMENTS: readonly Moment[] = [
  {
    ...plain,
    name: "scheduled",
    driver: "timer",
    delaySeconds: 4,
    reached: async () => {},
  },
  {
    ...plain,
    name: "waiting",
    hold: async (host) => {
      keep(host, "waiting");
      await host.queueJob(waitWhile("waiting"));
      await isHeld(host, "waiting");
    },
    reached: async (host, { id }) => await entered(host, id, "waiting"),
    release: async (host) => letGo(host, "waiting"),
  },
  {
    ...plain,
    name: "switching",
    hold: async (host, { label }) => keep(host, label),
    reached: async (host, { label }) => await isHeld(host, label),
    release: async (host, { label }) => letGo(host, label),
  },
  {
    ...plain,
    name: "rebooting",
    action: "reboot",
    hold: async (host) => keep(host, "rebooting"),
    reached: async (host) => await isHeld(host, "rebooting"),
    release: async (host) => letGo(host, "rebooting"),
  },
  {
    ...plain,
    name: "verifying",
    hold: async (host) => keep(host, "verifying"),
    reached: async (host) => await isHeld(host, "verifying"),
    release: async (host) => letGo(host, "verifying"),
  },
  {
    ...plain,
    name: "confirming",
    reached: async (host, { id }) => await awaitsConfirmation(host, id),
    release: async (host, { target, id }) => {
      await host.run(call(target, "confirm", id)).catch(() => {});
    },
  },
  {
    ...plain,
    name: "rolling-back",
    end: "rolled-back",
    hold: async (host, { before }) => {
      keep(host, "rejected");
      keep(host, before);
    },
    reached: async (host, { before }) => await isHeld(host, before),
    release: async (host, { before }) => {
      letGo(host, before);
      letGo(host, "rejected");
    },
  },
  {
    ...plain,
    name: "rebooting-back",
    action: "reboot",
    end: "rolled-back",
    hold: async (host) => {
      keep(host, "rejected");
      keep(host, "rolling-back");
    },
    reached: async (host) => await isHeld(host, "rolling-back"),
    release: async (host) => letGo(host, "rolling-back"),
  },
];
