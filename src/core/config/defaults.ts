import { DEFAULT_REBOOT_WHEN_CHANGED } from "../decision/decision.ts";

/**
 * The configuration without a file, and the defaults of the schema: a call without a configuration
 * file loads no schema.
 */
export const DEFAULT_CONFIG = {
  profile: "/nix/var/nix/profiles/system",
  stateDir: "/var/lib/deploy-finalize",
  delay: null,
  rebootWhenChanged: DEFAULT_REBOOT_WHEN_CHANGED,
  // Giving up does no harm: the target stays the boot default and the failure is reported.
  // Proceeding would kill the job.
  waitFor: {
    session: true,
    runners: [],
    drainRunners: true,
    units: [],
    commands: [],
    alerts: null,
    storage: [],
    timeout: 3600,
    onTimeout: "give-up",
    rollbackTimeout: 300,
  },
  specialisation: "keep",
  guard: { olderRun: "warn" },
  act: { switchTimeout: null },
  hooks: [],
  verify: {
    // No shorter: a start that is merely slow, of a large database or after a check of its disk, must
    // not cost a good deploy.
    bootTimeout: 600,
    switchWarnAfter: 600,
    settle: 5,
    ignoreFailedUnits: [],
    checks: [],
    userUnits: "warn",
    confirm: null,
  },
  rollback: { enable: true },
  report: {
    receivers: [],
    metricsFile: null,
    timeout: 30,
    retry: { first: 2, most: 300 },
    giveUpAfter: 86_400,
  },
  reboot: {
    allow: true,
    method: "reboot",
    fallback: "auto",
    unattended: "warn",
    passphrases: [],
    window: null,
    whilePutOff: "wait",
    sessions: { grace: 60, message: "This host reboots to bring a deployed system live." },
  },
  switch: {
    sessions: {
      grace: 60,
      message: "This host switches to a deployed system, which may end your session.",
    },
    window: null,
  },
  stagger: 0,
  lock: null,
  fleet: null,
  proxy: { http: null, https: null, except: [] },
} as const;
