import type { Window } from "./window.ts";

/** Whether, when and how this host reboots. */
export interface RebootConfig {
  readonly allow: boolean;
  /** `kexec` where the host can, else `reboot`. */
  readonly method: "reboot" | "kexec";
  /**
   * Whether a target is booted once, with the previous system as the default until it is verified:
   * where the boot loader can (`auto`), or else there is no reboot (`require`).
   */
  readonly fallback: "auto" | "require" | "off";
  /** When it may reboot; null is always. */
  readonly window: Window | null;
  /** People who are logged in at a terminal or a desktop. */
  readonly sessions: {
    /** Seconds from the message to the reboot; 0 waits for nobody. */
    readonly grace: number;
    /** What they are told; null tells nobody. */
    readonly message: string | null;
  };
}

export const DEFAULT_REBOOT: RebootConfig = {
  allow: true,
  method: "reboot",
  fallback: "auto",
  window: null,
  sessions: { grace: 60, message: "This host reboots to bring a deployed system live." },
};
