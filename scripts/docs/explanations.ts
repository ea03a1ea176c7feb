import { TOPICS } from "../../src/view/runbook/topics.ts";

/**
 * Explanations for the man page and docs/commands.md that are too long for the help of a command.
 * Paragraphs; words in backticks are typed literally.
 */
export const EXPLANATIONS: Readonly<Record<string, readonly string[]>> = {
  schedule: [
    "Run this after `switch-to-configuration boot`. It decides between switch and reboot, protects the deployed system from garbage collection, writes a record and starts a systemd timer. Then it returns at once. The switch or reboot follows later, in a systemd unit.",
    "It prints the paths that it compared. For scripts, it also prints one line that starts with `deploy-finalize: action=`. If the exit code is not zero, nothing was scheduled, and you must undo the deploy: `deploy-finalize undo`. Exit code 4 is different: another deploy has set the profile in the meantime, so do not undo it.",
  ],
  explain: [
    "Shows the differences between the booted and the deployed system, the units that would stop and start, the changes of packages and of the closure size, the gates (the conditions that it waits for) and the checks. If it does not run as root, it says what it cannot see.",
  ],
  status: [
    "Only root can read the records. Other users see the systems of the host and the names of the units of deploy-finalize.",
  ],
  wait: [
    "`wait` refuses to run in a CI job on this host if the finalization waits for that job. If the host reboots, `wait` ends with exit code 75, or ssh ends with 255. Run `wait` again until you get another exit code.",
    "With `--confirm`, it confirms the finalization when that asks for a confirmation. This call must come over SSH from another machine, over a connection that began after the act: this shows that the host can be reached. An older connection ends with exit code 75 then. So run it in a loop, with `ssh -o ControlPath=none`. A call at the host itself is refused.",
  ],
  history: ["It also lists records that it cannot read, with the state `broken`."],
  log: [
    "Shows the log lines of its units, and one entry for each state. On a terminal, it uses a pager.",
  ],
  cancel: [
    "The running system does not change. The boot default is already the deployed system, so the next boot starts that system. To prevent this, use `--restore-boot-default`: it sets the profile and the boot default back to the running system. If the deployed system itself runs, it sets them back to the previous system.",
  ],
  now: [
    "Past the delay, the windows and people who are logged in. It does not act past a job on a runner, the login session or the forge job of the deploy, a unit of `waitFor.units`, storage, alerts or commands of `waitFor`, a program that blocks the shutdown, the rollout of its group, or the fleet lock. To act past one of these too, name it with `--past`, for each gate: `--past units --past fleet-lock`, and `--past command-NAME` for a command. `ci-job` ends the job. Nothing acts past the switch lock or a boot that has not got through. If the window is closed, `waitFor.timeout` bounds the wait for the other gates.",
    "Who asked stays in the record, in `status`, in the journal and in `--json`. It refuses if the finalization has ended or has begun to act. A gate that is still closed is named: the finalization acts as soon as it opens. If the host goes down in between, it acts after the boot.",
  ],
  confirm: [
    "If `verify.confirm` is set and nobody runs this in time, the host rolls back. Run it over SSH from another machine. It does not ask when that connection began: for a confirmation that shows that the host can be reached, use `wait --confirm`.",
  ],
  rollback: [
    "Makes the previous system the running system again. As a deploy does, it writes a record, waits for the gates and verifies the result. It waits for no window, no alert and no command of `waitFor.commands`.",
    "Without an ID, it rolls back the newest finalization that acted. To roll back an older finalization, or a finalization that was itself a rollback, give its ID.",
  ],
  retry: [
    "Brings the target of a finalization that failed, was rolled back or was cancelled back on purpose. It shows why that target was rejected and asks first. Then it sets the profile and the boot default to the target and schedules it, as a deploy does, with the configuration of that finalization.",
    "Without an ID, it retries the newest finalization. A call of `deploy-finalize` without `retry` does not bring a rejected target back: after a rollback, the profile is the previous system.",
  ],
  undo: [
    "Run this if a deploy has to be undone because `deploy-finalize` has ended with an error. It sets the profile to the generation of the running system and makes that system the boot default. If they already are, it changes nothing. It refuses if a finalization waits whose deploy is in the profile: that deploy counts. Cancel it instead.",
  ],
  lock: [
    "The fleet lock limits how many hosts reboot at once. A host holds a slot from before its reboot until the reboot is verified. With `lock.for`, a switch takes a slot too. If a slot stays taken by mistake, you can give it back by hand.",
  ],
  fleet: [
    "`status` shows the rollout, its waves as bars, and what each host does, since when, and what it waits for. A group of more than 30 hosts shows only the hosts that failed, act, soak or hold the others up; `--all` lists all. With `--follow`, it shows each change, and ends when all hosts have ended, or when the rollout is halted and no host acts any more. Before the first host has joined a rollout, `status` still shows the rollout before it. So after a deploy, name the rollout to follow: `--rollout NAME`, the commit or what `schedule --rollout` said. Then `--follow` waits until it has begun. If another one has replaced it, it says how it ended, and fails unless it was live.",
    "`halt` stops the rollout: what has begun ends, and no other host acts. `resume` lets it go on, and forgives the failures so far. `forget` removes a host that does not come back, so that no host waits for it; if it finalizes again, it takes part again. Each asks first. Every host of the group can do this, and shows who did it.",
    "The exit code of `status` is 1 if etcd does not answer. A halted rollout is a result, with exit code 0; only with `--follow` it is 1, also if a host has failed. For scripts: `deploy-finalize fleet status --json | jq .rollout.halt`.",
  ],
  "check-config": [
    "If the file has an error, the exit code is 2. It needs neither root nor a NixOS host, so a build or a CI job can run it. The NixOS module runs it during the build of the configuration file.",
  ],
  "report-bug": [
    "Prints one text with the versions, the status, the record, the configuration and the journal of a finalization. It removes the secrets that the configuration names, the arguments of commands, the paths and queries of addresses, and other texts that look like secrets. Read the text before you send it: it contains names of the host, its users and its units, and of the other hosts of its rollouts.",
  ],
  deliver: [
    "Reports that are not delivered yet wait in the outbox. A transient unit `deploy-finalize-deliver-….service` delivers them automatically, in a sandbox; receivers of the kind `command` have a unit of their own. Run this command to try again at once.",
  ],
  run: [
    "The transient unit `deploy-finalize-ID.service` runs this. You can also run it by hand, in the foreground.",
  ],
  resume: [
    "`deploy-finalize-resume.service` runs this after each boot, and `deploy-finalize-stuck-boot.service` in a boot that does not get through. It starts the units of the unfinished finalizations and returns.",
  ],
  "boot-complete": [
    "`deploy-finalize-boot-complete.service` runs this if the boot loader counts boots: `boot-complete.target` waits for it, and systemd calls the boot good after that target. It ends with 0 if no finalization has to verify the booted system, or has verified it, and with 1 if a finalization has rejected it.",
  ],
};

/** `help` is not a command of the option parser. */
export const HELP: { readonly usage: string; readonly text: readonly string[] } = {
  usage: "help REASON",
  text: [
    `Shows the section of the runbook about a reason: whether the host is well, what would boot next, whether it can wait until morning, and the commands. The reason is one of these names, or the words that \`status\` shows: ${TOPICS.map(({ name }) => `\`${name}\``).join(", ")}. It needs neither root nor a record. With a command instead of a reason, it shows the help of that command.`,
  ],
};

/** What --quiet means for each kind of command. */
export const QUIET =
  "With `--quiet`, commands that act or wait print nothing but errors: the exit code is the result. These are `schedule`, `wait`, `cancel`, `confirm`, `rollback`, `retry`, `undo`, `lock release`, `fleet halt`, `fleet resume`, `fleet forget`, `run`, `resume`, `boot-complete` and `deliver`. Why a finalization did not become live is an error: `wait` and `run` print it on standard error. With `--json`, the result is printed too. Commands that are there to show something still show it, also `schedule --dry-run` and `deliver --test`.";
