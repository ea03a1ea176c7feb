import * as v from "valibot";
import { DEFAULT_CONFIG } from "./defaults.ts";
import { sessionsSchema, someText } from "./schema-parts.ts";
import { windowsSchema } from "./windows/window-config.ts";

const REBOOT = DEFAULT_CONFIG.reboot;

/** Whether, when and how this host reboots. */
export const rebootSchema = v.strictObject({
  allow: v.optional(v.boolean(), REBOOT.allow),
  /** `kexec` if the host can, else `reboot`. */
  method: v.optional(v.picklist(["reboot", "kexec"]), REBOOT.method),
  /**
   * Whether the boot loader boots a target once and keeps the previous system as the default until the
   * verification: if it can (`auto`), or it does not reboot otherwise (`require`).
   */
  fallback: v.optional(v.picklist(["auto", "require", "off"]), REBOOT.fallback),
  /** What happens if the target would wait for a passphrase at boot: a warning, or no reboot. */
  unattended: v.optional(v.picklist(["warn", "require"]), REBOOT.unattended),
  /** The encrypted devices whose passphrase this system waits for at boot. */
  passphrases: v.optional(v.array(someText), [...REBOOT.passphrases]),
  /** Null means always. */
  window: v.optional(v.nullable(windowsSchema), REBOOT.window),
  /** While the window is closed: everything waits for the reboot, or what a switch can bring goes live. */
  whilePutOff: v.optional(v.picklist(["wait", "switch"]), REBOOT.whilePutOff),
  /** For people who are logged in at a terminal or a desktop. */
  sessions: v.optional(sessionsSchema(REBOOT.sessions), {}),
});

/** How this host switches. */
export const switchSchema = v.strictObject({
  /** For people whose session the switch may end. */
  sessions: v.optional(sessionsSchema(DEFAULT_CONFIG.switch.sessions), {}),
  /** Null means always. */
  window: v.optional(v.nullable(windowsSchema), DEFAULT_CONFIG.switch.window),
});
