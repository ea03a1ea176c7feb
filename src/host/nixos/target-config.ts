import { join } from "node:path";
import * as v from "valibot";
import { jsonAs } from "../../core/answer.ts";
import type { Config } from "../../core/config/config.ts";
import { readIfThere } from "../files/durable.ts";

/** Where the module puts the configuration file in a toplevel. */
const FILE = "etc/deploy-finalize.json";

/**
 * A configuration with what the target itself says of its boot: the call may come from a system that
 * needs no passphrase, or another one. A target without the module says nothing.
 */
export function configForTarget(config: Config, target: string): Config {
  const passphrases = passphrasesOf(target);
  return passphrases === null ? config : { ...config, reboot: { ...config.reboot, passphrases } };
}

/** The devices whose passphrase a system says that it waits for; null if it does not say. */
export function passphrasesOf(toplevel: string): readonly string[] | null {
  return passphrasesIn(readIfThere(join(toplevel, FILE)) ?? "");
}

const ofTarget = v.object({ reboot: v.object({ passphrases: v.array(v.string()) }) });

/** The same, from the text of its configuration file; null if it does not say. */
export function passphrasesIn(text: string): readonly string[] | null {
  return jsonAs(ofTarget, text)?.reboot.passphrases ?? null;
}
