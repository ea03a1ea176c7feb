/**
 * What the help of a command has no room for, in the man page and docs/commands.md.
 * Paragraphs; words in backticks are typed as they are.
 */
export const EXPLANATIONS: Readonly<Record<string, readonly string[]>> = {
  schedule: [
    "This is what a deploy's activation calls after `switch-to-configuration boot`, and what is done without a command. It pins the system and writes a record, so that nothing is lost from here on, and returns at once.",
    "It prints what was compared and one line that begins with `deploy-finalize: action=`, for scripts. It ends with another exit code than 0 only where nothing was scheduled, so that the deploy is to be undone.",
  ],
  explain: [
    "Tells what differs, which units the switch would stop and start, how packages and closure change, how each gate stands and which checks will run. It changes nothing. Without root it tells what it could not see.",
  ],
  status: ["Without root it shows only what everybody may see."],
  wait: [
    "A CI job that runs on the host itself is refused: the finalization waits for that job. A reboot of the host ends it with exit code 75, or over SSH ends the connection, with 255: call it again until it ends with another one.",
  ],
  history: ["Records that cannot be read are listed too."],
  log: [
    "All lines of its units, and one entry for each state. On a terminal it is shown by the pager.",
  ],
  cancel: [
    "The running system stays as it is, but the boot default is the deployed system already: the next reboot brings it up unless that is set back too.",
  ],
  confirm: [
    "Where `verify.confirm` is set, the host goes back unless this is called within the time that is set. Call it from where the host has to be reachable.",
  ],
  rollback: [
    "Takes the host back to the system that was running before, as carefully as it went forward: with a record, the gates and a verification.",
    "Without an id it is the newest finalization that acted. To go further back than that, or to undo a rollback, name it.",
  ],
  lock: ["The slots of the fleet lock: who holds them, and giving one back by hand."],
  deliver: ["Its unit is started by itself whenever something is in the outbox."],
  run: [
    "Its transient unit `deploy-finalize-ID.service` calls this; called by hand it does the same in the foreground.",
  ],
  resume: [
    "`deploy-finalize-resume.service` calls this after a boot. It returns as soon as the units are started.",
  ],
};
