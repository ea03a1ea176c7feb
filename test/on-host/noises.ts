import type { ToplevelSpec } from "../test-host/host.ts";
import { service, type Units } from "./tables.ts";

/** A good deploy with something around it that looks like trouble. */
export interface Noise {
  readonly what: string;
  /** Units of the system before. */
  readonly before?: Units;
  /** Units of the target: null takes one away. */
  readonly after?: Readonly<Record<string, string | null>>;
  /** A script that runs before the deploy. */
  readonly first?: string;
  readonly spec?: ToplevelSpec;
  readonly verify?: object;
}

const plain = (lines: string): string => `[Service]\n${lines}\n`;
const oneshot = (script: string): string =>
  service(`Type=oneshot\nExecStart=-/bin/sh -c '${script}'`);
/** A oneshot of the target that stands for what an operator or a user does during the deploy. */
const meanwhile = (
  what: string,
  name: string,
  script: string,
  more: Partial<Noise> = {},
): Noise => ({
  what,
  ...more,
  after: { [`${name}.service`]: oneshot(script), ...more.after },
});
const SOCKET = (port: number): string =>
  `[Socket]\nListenStream=127.0.0.1:${port}\n[Install]\nWantedBy=multi-user.target\n`;
const TIMER = "[Timer]\nOnCalendar=03:00\n[Install]\nWantedBy=timers.target\n";
const NO_LIMIT = "StartLimitIntervalSec=0";

export const unchanged: Noise = { what: "nothing changes" };
export const removed: Noise = {
  what: "a unit is removed",
  before: { "removed.service": service("") },
  after: { "removed.service": null },
};
export const unwanted: Noise = {
  what: "a unit is no longer wanted",
  before: { "unwanted.service": service("") },
  after: { "unwanted.service": plain("ExecStart=/bin/sleep infinity\nEnvironment=V=2") },
};
export const unmet: Noise = {
  what: "a condition is not met now",
  before: { "unmet.service": service("") },
  after: { "unmet.service": service("Environment=V=2", "ConditionPathExists=/srv/none") },
};
export const newUnmet: Noise = {
  what: "a new unit has an unmet condition",
  after: { "new-unmet.service": service("", "ConditionPathExists=/srv/none") },
};
export const toOneshot: Noise = {
  what: "a daemon becomes a oneshot",
  before: { "job.service": service("") },
  after: { "job.service": oneshot("true") },
};
export const masked: Noise = {
  what: "a unit is masked",
  before: { "masked.service": service("") },
  after: { "masked.service": "" },
};
export const idleAgain: Noise = {
  what: "a service behind a socket is idle again",
  before: { "echo.socket": SOCKET(4005), "echo.service": plain("ExecStart=/bin/sleep infinity") },
  after: { "echo.service": plain("ExecStart=/bin/sleep infinity\nEnvironment=V=2") },
  first: "systemctl start echo.service",
};
export const timed: Noise = {
  what: "a timer's service is idle",
  before: { "night.timer": TIMER, "night.service": plain("Type=oneshot\nExecStart=/bin/true") },
  after: { "night.service": plain("Type=oneshot\nExecStart=/bin/true 2") },
};
export const failedBefore: Noise = {
  what: "a unit that had failed fails again",
  before: { "broken.service": service("ExecStart=/bin/false") },
  after: { "broken.service": service("ExecStart=/bin/false\nEnvironment=V=2") },
};
export const loopBefore: Noise = {
  what: "a crash loop goes on",
  before: {
    "loop.service": service("ExecStart=/bin/false\nRestart=always\nRestartSec=1", NO_LIMIT),
  },
  after: {
    "loop.service": service(
      "ExecStart=/bin/false\nRestart=always\nRestartSec=1\nEnvironment=V=2",
      NO_LIMIT,
    ),
  },
};
export const poller: Noise = {
  what: "a service always ends with 0 and is restarted",
  before: {
    "poll.service": service("ExecStart=/bin/true\nRestart=always\nRestartSec=1", NO_LIMIT),
  },
  after: {
    "poll.service": service(
      "ExecStart=/bin/true\nRestart=always\nRestartSec=1\nEnvironment=V=2",
      NO_LIMIT,
    ),
  },
};
export const newPoller: Noise = {
  what: "a new service ends with 0 and is restarted",
  after: {
    "new-poll.service": service("ExecStart=/bin/true\nRestart=always\nRestartSec=1", NO_LIMIT),
  },
};
export const crashOnce: Noise = {
  what: "one crash, then it runs",
  after: {
    "once.service": service(
      "ExecStart=/bin/sh -c 'test -e /run/once || { touch /run/once; exit 1; }; exec sleep infinity'\nRestart=always\nRestartSec=2",
    ),
  },
};
export const secondTry: Noise = {
  what: "a oneshot fails once and is tried again",
  after: {
    "again.service": service(
      "Type=oneshot\nRestart=on-failure\nRestartSec=2\nExecStart=/bin/sh -c 'test -e /run/again || { touch /run/again; exit 1; }'",
    ),
  },
};
const TRIES = "/run/tries; test $(wc -l < /run/tries) -ge 4";
export const triedBefore: Noise = {
  what: "a oneshot had needed four tries",
  before: {
    "tries.service": service(
      `Type=oneshot\nRestart=on-failure\nRestartSec=100ms\nExecStart=/bin/sh -c 'echo >> ${TRIES}'`,
    ),
  },
  // It ended in this boot, and no switch starts it again.
  after: { "marker.service": service("") },
};
export const slow: Noise = {
  what: "a slow starter: 20 s",
  after: {
    "slow.service": service(
      "ExecStart=/bin/sleep infinity\nExecStartPre=/bin/sleep 20",
      "After=multi-user.target",
    ),
  },
};
export const template: Noise = {
  what: "a target wants a template",
  after: { "web@.service": service("") },
};
const HUNDREDS = Array.from({ length: 500 }, (_, index) => `many@${index}.service`);
export const many: Noise = {
  what: "500 more units",
  after: {
    "many@.service": plain("Type=oneshot\nRemainAfterExit=true\nExecStart=/bin/true"),
    "many.target": `[Unit]\nWants=${HUNDREDS.join(" ")}\n[Install]\nWantedBy=multi-user.target\n`,
  },
};
export const requires: Noise = {
  what: "a new target conflicts with an idle unit",
  before: { "rescuer.service": plain("ExecStart=/bin/sleep infinity") },
  after: {
    "lamp.target": "[Unit]\nConflicts=rescuer.service\n[Install]\nWantedBy=multi-user.target\n",
  },
};
// No semicolon in it: systemd 252 reads one otherwise when it loads the transient unit again.
export const probe: Noise = meanwhile(
  "a transient probe fails for a moment",
  "prober",
  'systemd-run --quiet --unit=probe --property=StartLimitIntervalSec=0 --on-active=1 --on-unit-inactive=1 --timer-property=AccuracySec=100ms /bin/sh -c "test -e /run/up || ! touch /run/up"',
  // The moment lasts as much longer as the machine stands still.
  { verify: { settle: 10 } },
);
export const reexec: Noise = meanwhile(
  "systemd starts itself again",
  "reexec",
  "systemd-run --quiet --collect --on-active=1 --timer-property=AccuracySec=100ms systemctl daemon-reexec",
);
export const userManager: Noise = meanwhile(
  "a user kills their own manager",
  "user-kills",
  "systemctl kill --signal=KILL user@1000.service",
);
export const coredump: Noise = {
  what: "a core dump unit fails",
  after: { "systemd-coredump@7-1-0.service": service("ExecStart=/bin/false") },
};
export const operator: Noise = meanwhile(
  "an operator stops a unit that nothing wants",
  "operator",
  "systemctl stop by-hand.service",
  {
    before: { "by-hand.service": plain("ExecStart=/bin/sleep infinity") },
    first: "systemctl start by-hand.service",
  },
);

const AT_FIRST = (name: string): string =>
  service(
    `ExecStart=/bin/sh -c 'test -e /run/${name} || { touch /run/${name}; exit 1; }; exec sleep infinity'\nRestart=always\nRestartSec=2`,
  );
export const twoStarts: Noise = {
  what: "a unit needs two starts in every boot",
  before: { "two.service": AT_FIRST("two") },
};
export const byHand: Noise = {
  what: "a boot does not start what was started by hand",
  before: { "hand.service": plain("ExecStart=/bin/sleep infinity") },
  first: "systemctl start hand.service",
};
export const endsByItself: Noise = {
  what: "a service ends by itself",
  before: { "short.service": service("ExecStart=/bin/sleep 2") },
};
export const longJob: Noise = {
  what: "a long oneshot of every boot still runs",
  before: {
    "long.service": service("Type=oneshot\nExecStart=/bin/sleep 8", "After=multi-user.target"),
  },
};
