/** What to do about one reason: for the help on the host, the man page, the documentation and `status`. */
export interface Topic {
  /** For `deploy-finalize help NAME`. */
  readonly name: string;
  /** Matches the reasons of this topic; null if none stands for it alone. */
  readonly reason: RegExp | null;
  readonly title: string;
  /** Whether the host is well. */
  readonly host: string;
  /** What the next boot would bring up. */
  readonly nextBoot: string;
  /** Whether it can wait until morning. */
  readonly wait: string;
  /** The most useful one comes first. */
  readonly commands: readonly (readonly [command: string, what: string])[];
}

export const STATUS = [
  "deploy-finalize status",
  "what happened, and each check that failed",
] as const;
export const LOG = ["deploy-finalize log", "the log of its units"] as const;
export const RETRY = [
  "deploy-finalize retry",
  "try the same system again, after the repair",
] as const;
export const UNDO = [
  "deploy-finalize undo",
  "give the deploy up: the running system boots next",
] as const;
export const HISTORY = ["deploy-finalize history", "which finalization acted when"] as const;

export const OLD = "Yes: the previous system runs, verified.";
export const OLD_BOOTS = "The previous system.";
export const UNCHANGED = "Yes: nothing has changed, and the system from before the deploy runs.";
export const NEW_BOOTS =
  "The new system, which nobody has verified, and without a fallback. Run undo if that must not happen.";
export const MORNING = "Yes.";
export const MORNING_UNDONE = "Yes, after deploy-finalize undo. Without it, avoid a reboot.";
export const SYSTEMS = [
  "readlink -f /run/current-system /nix/var/nix/profiles/system",
  "what runs, and the profile",
] as const;
export const FAILED_UNITS = ["systemctl --failed", "what does not run"] as const;
