import type { Nonsense } from "./kind.ts";

const SERVER =
  'Set lock.backend to "etcd" and name its members in lock.endpoints, or leave out fleet. With lock.for = [], no act needs a slot';

/** What cannot be meant of slots and rollouts. */
export const FLEET_NONSENSE: readonly Nonsense[] = [
  {
    key: "lock.for",
    why: ({ lock }) => {
      const acts = lock?.for ?? [];
      const again = acts.find((act, index) => acts.indexOf(act) !== index);
      return again === undefined ? null : `names ${again} more than once. Remove the others`;
    },
  },
  {
    key: "lock.for",
    why: ({ lock, fleet }) =>
      lock?.for.length === 0 && fleet === null
        ? 'is empty, and there is no fleet: nothing would use the lock. Name "reboot" or "switch", set fleet, or leave out lock'
        : null,
  },
  {
    key: "fleet",
    why: ({ lock, fleet }) => {
      if (fleet === null || lock?.backend === "etcd") return null;
      return lock === null
        ? `needs an etcd that keeps the rollouts, and there is no lock. ${SERVER}`
        : `needs an etcd that keeps the rollouts, but lock.backend is "fleetlock": such a server only counts slots. ${SERVER}`;
    },
  },
];
