import type { Target } from "./target.ts";
import { BOOT } from "./targets/boot.ts";
import { FLEET } from "./targets/fleet.ts";
import { GATES } from "./targets/gates.ts";
import { NETWORK } from "./targets/network.ts";
import { NIXOS } from "./targets/nixos.ts";
import { PROCESSES } from "./targets/processes.ts";
import { ROLLOUTS } from "./targets/rollouts.ts";
import { STATE } from "./targets/state.ts";
import { SYSTEMD } from "./targets/systemd.ts";
import { WORDS } from "./targets/words.ts";

/** Every parser of text from outside. */
export const PARSERS: readonly Target[] = [
  ...BOOT,
  ...FLEET,
  ...GATES,
  ...NETWORK,
  ...NIXOS,
  ...PROCESSES,
  ...ROLLOUTS,
  ...STATE,
  ...SYSTEMD,
  ...WORDS,
];

/** The files that take a text apart and are not fuzzed, with the reason. */
export const NO_PARSERS: ReadonlyMap<string, string> = new Map([
  ["boot/started-by.ts", "a word, which is only compared and given on"],
  ["boot/systemd-boot/systemd-boot.ts", "words between blanks, which are only compared"],
  ["cli/bug-report/collect.ts", "texts that are only shown, after core/redaction"],
  ["cli/commands/by-hand/report-bug.ts", "lines, which are only indented"],
  ["cli/commands/check-config.ts", "the configuration that parseConfig reads, for names only"],
  ["cli/commands/log.ts", "splits off lines, which parseJournal reads"],
  ["core/age.ts", "its own words"],
  ["core/config/contradictions.ts", "its own keys"],
  ["core/config/nonsense/units.ts", "names of the configuration, which are only compared"],
  ["core/config/proxy-config.ts", "names of the configuration, which are only compared"],
  ["core/config/schema-parts.ts", "a part of the configuration: parseConfig"],
  ["explain/fallback.ts", "lines, which are only compared"],
  ["explain/next-boot.ts", "words between blanks, which are only compared"],
  ["finalize/runners/stopped.ts", "its own words, in a folder of root"],
  ["fleet/part/part-store.ts", "names of files in a folder of root"],
  ["forge/api.ts", "a repository that forgeRunOf or the configuration has let pass"],
  ["host/network/http.ts", "an address that the configuration or a secret's reader has let pass"],
  ["host/nixos/activation.ts", "the last lines, which are only kept and shown"],
  ["host/nixos/closure.ts", "lines, which are only compared"],
  ["host/nixos/profile.ts", "names of links in a folder of root"],
  ["host/nixos/wanted-units.ts", "names of files in the store"],
  ["host/systemd/unmounted.ts", "a folder of the configuration"],
  ["report/deliver.ts", "splits queues, not texts"],
  ["report/metrics-files.ts", "paths that this program has noted"],
  ["report/receivers/push.ts", "an address that a secret's reader has let pass"],
  ["state-dir/current.ts", "names of files in a folder of root"],
  ["state-dir/notice.ts", "a moment of a record that has been parsed"],
  ["state-dir/pins.ts", "names of links in a folder of root"],
  ["state-dir/store.ts", "names of files in a folder of root"],
  ["view/text.ts", "words between blanks, which are only wrapped"],
]);
