import type { ToplevelSpec } from "../test-host/host.ts";

const tool = "/usr/local/bin/node /opt/deploy-finalize/deploy-finalize.cjs";

/** What the NixOS module installs on every host: it ends the finalizations that a reboot was for. */
const resumeService = `[Unit]
Description=Take up unfinished finalizations
X-StopOnRemoval=false

[Service]
Type=oneshot
X-RestartIfChanged=false
Environment=PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin
ExecStart=${tool} resume

[Install]
WantedBy=multi-user.target
`;

const units = { "deploy-finalize-resume.service": resumeService };

/** What every host of the demo boots first. */
export const oldSystem = { label: "old", kernel: "6.12.3", runner: "1", units };

/** The runner is defined anew: a switch to it stops the runner and whatever job it runs. */
export const newRunner = {
  ...oldSystem,
  label: "new-runner",
  runner: "2",
} satisfies ToplevelSpec;

export const newKernel = {
  ...oldSystem,
  label: "new-kernel",
  kernel: "6.12.9",
} satisfies ToplevelSpec;

const setProfile = "nix-env -p /nix/var/nix/profiles/system --set $new";

/** The job of act 1, a bash script: the whole deploy in one go. */
export function deployBySwitch(toplevel: string): string {
  return `set -e
new=${toplevel}
${setProfile}
$new/bin/switch-to-configuration switch
`;
}

/** Seconds from the job's end to the act: a test on a busy machine gives more. */
const delay = process.env["DEMO_DELAY"] ?? "1";

/** The same deploy, its last step handed over. */
export function deployAndFinalize(toplevel: string): string {
  return `set -e
new=${toplevel}
${setProfile}
$new/bin/switch-to-configuration boot
${tool} --delay ${delay}
`;
}
