import type { ToplevelSpec } from "../test-host/host.ts";
import { service, type Units } from "./tables.ts";

/** A way in which the new system is not what the deploy wanted. */
export interface Lie {
  readonly what: string;
  /** What the reason must contain. A unit of this name runs before the deploy and after the rollback. */
  readonly names: string;
  /** Units of the system before. */
  readonly before?: Units;
  /** Units of the target: they replace those of the same name. */
  readonly after?: Units;
  readonly spec?: ToplevelSpec;
  readonly verify?: object;
}

/** A service that runs before the deploy, and what the target makes of it. */
function changed(what: string, after: string, more: Partial<Lie> = {}): Lie {
  const names = `${what.replaceAll(/[^a-z0-9]+/gi, "-").toLowerCase()}.service`;
  return {
    what,
    names,
    ...more,
    before: { [names]: service(""), ...more.before },
    after: { [names]: after, ...more.after },
  };
}

/** A service that only the target has. */
function added(what: string, after: string, more: Partial<Lie> = {}): Lie {
  const names = `${what.replaceAll(/[^a-z0-9]+/gi, "-").toLowerCase()}.service`;
  return { what, names, ...more, after: { [names]: after, ...more.after } };
}

const FAILING = "[Service]\nType=oneshot\nExecStart=/bin/false\n";
const ABSENT = "[Service]\nExecStart=/bin/sleep infinity\n";

export const unloaded = changed("cannot be loaded", service("ExecStart="));
export const unasserted = changed(
  "has an assertion that does not hold",
  service("Environment=V=2", "AssertPathExists=/srv/none"),
);
export const requisite = changed(
  "has a requisite that does not run",
  service("Environment=V=2", "Requisite=absent.service\nAfter=absent.service"),
  { before: { "absent.service": ABSENT } },
);
export const dependent = changed(
  "requires a unit that fails",
  service("Environment=V=2", "Requires=dependency.service\nAfter=dependency.service"),
  { after: { "dependency.service": FAILING } },
);
export const exiting = changed("exits with 1", service("ExecStart=/bin/false"));
export const preparing = changed(
  "fails in ExecStartPre",
  service("ExecStart=/bin/sleep infinity\nExecStartPre=/bin/false"),
);
export const following = changed(
  "fails in ExecStartPost",
  service("ExecStart=/bin/sleep infinity\nExecStartPost=/bin/false"),
);
export const once = changed(
  "is a oneshot that fails",
  service("Type=oneshot\nRemainAfterExit=true\nExecStart=/bin/false"),
);
export const unready = changed(
  "is never ready",
  service("ExecStart=/bin/sleep infinity\nType=notify\nTimeoutStartSec=1"),
);
export const unreloaded = changed(
  "cannot be reloaded",
  service("X-ReloadIfChanged=true\nEnvironment=V=2\nExecReload=/bin/false"),
);
export const fastLoop = changed(
  "crashes again and again",
  service("ExecStart=/bin/false\nRestart=always", "StartLimitIntervalSec=0"),
);
export const slowLoop = changed(
  "crashes every 3 seconds",
  service("ExecStart=/bin/false\nRestart=always\nRestartSec=3"),
);
export const ending = changed("ends at once with 0", service("ExecStart=/bin/true"));
export const endingLoop = changed(
  "ends at once with 0, is restarted",
  service("ExecStart=/bin/true\nRestart=always\nRestartSec=1", "StartLimitIntervalSec=0"),
);
export const dying = changed(
  "dies 2 s after its start",
  service("ExecStart=/bin/sh -c 'sleep 2; exit 1'"),
  { verify: { settle: 4 } },
);
export const secret = changed(
  "has a credential that is not there",
  service("Environment=V=2\nLoadCredential=key:/srv/none"),
);
export const keptOn = changed(
  "runs on, but cannot be loaded any more",
  service("X-RestartIfChanged=false\nExecStart="),
);
export const dropIn = changed("has a bad drop-in", service(""), {
  after: { "has-a-bad-drop-in.service.d/x.conf": "[Service]\nExecStart=\n" },
});

export const newFailed = added("is new and fails", service("ExecStart=/bin/false"));
export const newUnloaded = added("is new and cannot be loaded", service("ExecStart="));
export const newUnasserted = added(
  "is new with an unmet assertion",
  service("", "AssertPathExists=/srv/none"),
);
export const newDependent = added(
  "is new and requires what fails",
  service("", "Requires=dependency.service\nAfter=dependency.service"),
  { after: { "dependency.service": FAILING } },
);
export const newRequisite = added(
  "is new with a requisite that does not run",
  service("", "Requisite=absent.service\nAfter=absent.service"),
  { before: { "absent.service": ABSENT } },
);
export const newLate = added(
  "is new and fails late",
  service(
    "ExecStart=/bin/sleep infinity\nType=notify\nTimeoutStartSec=4",
    "After=multi-user.target",
  ),
);

const SOCKET = (port: number): string =>
  `[Socket]\nListenStream=127.0.0.1:${port}\n[Install]\nWantedBy=multi-user.target\n`;
const plain = (lines: string): string => `[Service]\n${lines}\n`;

export const unbound: Lie = {
  what: "is a socket whose port is taken",
  names: "port.socket",
  before: {
    "holder.socket": SOCKET(4000),
    "holder.service": plain("ExecStart=/bin/cat"),
    "port.socket": SOCKET(4001),
    "port.service": service(""),
  },
  // A switch restarts a socket only together with its service.
  after: { "port.socket": SOCKET(4000), "port.service": service("Environment=V=2") },
};
export const behindSocket: Lie = {
  what: "is behind a socket and cannot be loaded",
  // After a reboot systemd refuses the socket, because of its service.
  names: "behind.s",
  before: { "behind.socket": SOCKET(4002), "behind.service": plain("ExecStart=/bin/cat") },
  after: { "behind.service": plain("ExecStart=") },
};
export const socketDaemon: Lie = {
  what: "has a socket, is wanted, ends at once with 0",
  names: "both.service",
  before: { "both.socket": SOCKET(4003), "both.service": service("X-NotSocketActivated=true") },
  after: { "both.service": service("X-NotSocketActivated=true\nExecStart=/bin/true") },
};
const timer = (when: string): string =>
  `[Timer]\nOnCalendar=${when}\n[Install]\nWantedBy=timers.target\n`;
export const calendar: Lie = {
  what: "is a timer with a wrong calendar",
  names: "nightly.timer",
  before: { "nightly.timer": timer("03:00"), "nightly.service": plain("ExecStart=/bin/true") },
  after: { "nightly.timer": timer("3 in the morning") },
};
const mount = (type: string): string =>
  `[Mount]\nWhat=tmpfs\nWhere=/srv/data\nType=${type}\n[Install]\nWantedBy=multi-user.target\n`;
export const unmounted: Lie = {
  what: "is a mount that fails",
  names: "srv-data.mount",
  before: { "srv-data.mount": mount("tmpfs") },
  after: { "srv-data.mount": mount("nosuchfs") },
};
const path = (lines: string): string => `[Path]\n${lines}\n[Install]\nWantedBy=paths.target\n`;
export const pathless: Lie = {
  what: "is a path unit without a path",
  names: "inbox.path",
  before: {
    "inbox.path": path("PathExists=/srv/in"),
    "inbox.service": plain("ExecStart=/bin/true"),
  },
  after: { "inbox.path": path("") },
};
const lamp = (lines: string): string => `[Unit]\n${lines}\n[Install]\nWantedBy=multi-user.target\n`;
export const instance: Lie = {
  what: "is an instance of a bad template",
  names: "web@1.service",
  before: {
    "web@.service": plain("ExecStart=/bin/sleep infinity"),
    "webs.target": lamp("Wants=web@1.service"),
  },
  after: { "web@.service": plain("ExecStart=") },
};
export const targetless: Lie = {
  what: "is a new target that requires what fails",
  names: "lamp.target",
  after: {
    "lamp.target": lamp("Requires=dependency.service\nAfter=dependency.service"),
    "dependency.service": FAILING,
  },
};
export const ranTarget: Lie = {
  what: "is a target that requires what cannot be loaded",
  names: "bulb",
  before: {
    "bulb.target": lamp("Requires=bulb.service\nAfter=bulb.service"),
    "bulb.service": plain("ExecStart=/bin/sleep infinity"),
  },
  after: { "bulb.service": plain("ExecStart=") },
};

const anyway: Units = { "anyway.service": service("Environment=V=2") };
const whole = (what: string, names: string, more: Partial<Lie>): Lie => ({ what, names, ...more });
export const halfWay = whole("the switch always dies half-way", "exit code 1", {
  before: { "anyway.service": service("") },
  after: anyway,
  spec: { failure: { switchFault: { after: "activation" } } },
});
export const snippet = whole("an activation snippet fails", "exit code 2", {
  spec: { failure: { activation: "secrets" } },
});
export const checked = whole("a configured check fails", "the shop answers", {
  verify: {
    checks: [{ kind: "command", name: "the shop answers", command: ["false"], deadline: 0 }],
  },
});
export const nameless = whole("the switch ends with 4 and names nothing", "exit code 4", {
  spec: { failure: { switchExit: 4 } },
});
const userService = (run: string): Units => ({
  "sync.service": `[Service]\nExecStart=${run}\n[Install]\nWantedBy=default.target\n`,
});
/** What the user manager of alice runs before each deploy. */
export const userUnitsBefore = userService("/bin/sleep infinity");
export const userUnit = whole("a user unit fails", "sync.service of alice", {
  spec: { userUnits: userService("/bin/false") },
  verify: { userUnits: "fail" },
});
export const userUnloaded = whole("a user unit cannot be loaded", "user activation for alice", {
  spec: { userUnits: userService("") },
  verify: { userUnits: "fail" },
});
export const bootSnippet = whole("an activation snippet fails at boot", "secrets", {
  spec: { failure: { activation: "secrets" } },
});
