import { posix } from "node:path";
import { DEFAULT_REBOOT_WHEN_CHANGED } from "../../decision/decision.ts";
import { nearest } from "../../nearest.ts";
import { FLEET_NONSENSE } from "./fleet.ts";
import type { Nonsense } from "./kind.ts";
import { UNIT_NONSENSE } from "./units.ts";

/** A boot empties these. */
const VOLATILE = /^\/(run|tmp|var\/run|dev\/shm)(\/|$)/;
/** These too, and nothing fills them before somebody logs in. */
const VOLATILE_SECRETS = /^\/(run\/keys|tmp|dev\/shm)(\/|$)/;
/** A glob that every service matches. */
const EVERY_UNIT = /^[*?]+(\.service|\.[*?]+)?$/;
/** Files of a toplevel that people may compare, for names that are none. */
const FILES = [...DEFAULT_REBOOT_WHEN_CHANGED, "kernel-params", "firmware", "systemd", "init"];
const DAY = 86_400;
const SHORTEST_LEASE = 60;
/** The gates that are looked at before an act take some seconds. */
const SHORTEST_WINDOW = 60;

/** A path without what leads nowhere else. */
function plain(path: string): string {
  return posix.normalize(path).replace(/^\/\//, "/");
}

function mistyped(name: string): string | null {
  const meant = FILES.includes(name) ? null : nearest(name, FILES);
  // A long name is near to many: only one that is hardly different is a mistake.
  return meant !== null && Math.abs(meant.length - name.length) < 2 ? meant : null;
}

const SECRETS = ["caFile", "certFile", "keyFile", "passwordFile"] as const;

const lockFiles: readonly Nonsense[] = SECRETS.map((key) => ({
  key: `lock.${key}`,
  why: ({ lock }) => {
    const file = lock !== null && key in lock ? new Map(Object.entries(lock)).get(key) : null;
    return typeof file === "string" && VOLATILE_SECRETS.test(plain(file))
      ? "does not survive a reboot, and the host needs it after the reboot to give its slot back. Keep it in another folder"
      : null;
  },
}));

const shortWindows: readonly Nonsense[] = (["reboot", "switch"] as const).map((act) => ({
  key: `${act}.window`,
  why: (config) => {
    const short = config[act].window?.find(({ duration }) => duration < SHORTEST_WINDOW);
    return short === undefined
      ? null
      : `must be open for ${SHORTEST_WINDOW} or more seconds, but ${short.start} is open for ${short.duration} s only. ` +
          `A number is seconds; hours are a text, such as ${short.duration}h`;
  },
}));

export const NONSENSE: readonly Nonsense[] = [
  {
    key: "profile",
    why: ({ profile }) => (plain(profile) === "/" ? "must not be the folder /" : null),
  },
  {
    key: "stateDir",
    why: ({ stateDir }) => {
      if (plain(stateDir) === "/") return "must not be the folder /";
      return VOLATILE.test(plain(stateDir))
        ? "does not survive a reboot, so that unfinished finalizations would be lost. Choose a folder such as /var/lib/deploy-finalize"
        : null;
    },
  },
  {
    key: "rebootWhenChanged",
    why: ({ rebootWhenChanged }) => {
      const wrong = rebootWhenChanged.find((name) => mistyped(name) !== null);
      return wrong === undefined ? null : `has ${wrong}. Did you mean ${mistyped(wrong)}?`;
    },
  },
  {
    key: "waitFor.timeout",
    why: ({ waitFor: { timeout, onTimeout } }) =>
      timeout === 0 && onTimeout === "proceed"
        ? 'is 0, and waitFor.onTimeout is "proceed": it would end each job at once. Choose a longer time'
        : null,
  },
  {
    key: "waitFor.units",
    why: ({ waitFor: { units } }) =>
      units.some((glob) => EVERY_UNIT.test(glob))
        ? "matches every unit, and some unit always runs, so it would never act. Name the units"
        : null,
  },
  {
    key: "verify.ignoreFailedUnits",
    why: ({ verify: { ignoreFailedUnits } }) =>
      ignoreFailedUnits.some((glob) => EVERY_UNIT.test(glob))
        ? "matches every unit, so no failure would count. Name the units"
        : null,
  },
  {
    key: "verify.settle",
    why: ({ verify: { settle } }) =>
      settle > DAY ? "must be a day at most: nothing else is deployed meanwhile" : null,
  },
  {
    key: "stagger",
    why: ({ stagger, reboot, switch: { window } }) => {
      const windows = [...(reboot.window ?? []), ...(window ?? [])];
      const tooShort = windows.find(({ duration }) => duration <= stagger);
      return tooShort === undefined
        ? null
        : `must be shorter than each window, but ${tooShort.start} is open for ${tooShort.duration} s only`;
    },
  },
  {
    key: "lock.lease",
    why: ({ lock }) =>
      lock?.backend === "etcd" && lock.lease !== null && lock.lease < SHORTEST_LEASE
        ? `must be ${SHORTEST_LEASE} or more seconds: a host does not renew it while it boots`
        : null,
  },
  ...FLEET_NONSENSE,
  {
    key: "hooks",
    why: ({ hooks }) => {
      const idle = hooks.find(({ before, after }) => before === null && after === null);
      if (idle !== undefined) {
        return `has ${idle.name}, which has neither before nor after. Set one of them, or leave it out`;
      }
      const never = hooks.find(({ actions }) => actions.length === 0);
      return never === undefined
        ? null
        : `has ${never.name}, whose actions are empty, so it would never run. Name switch or reboot`;
    },
  },
  ...UNIT_NONSENSE,
  ...lockFiles,
  ...shortWindows,
];
