import { spawn } from "node:child_process";
import { constants } from "node:os";
import { hostAvailable } from "../test-host/available.ts";

/** Passed on to the player, which its terminal tells nothing: neither Ctrl-C nor a new size. */
const passedOn = ["SIGINT", "SIGTERM", "SIGHUP", "SIGWINCH"] as const;

/**
 * The way in of `make NAME`: runs `program`, which boots test hosts, and ends as it does; where no
 * host can boot, says why. The player has a session of its own, because Ctrl-C goes to all
 * processes of the terminal's session, and the hosts must rather be stopped in order than be hit
 * while they boot.
 */
export function launch(name: string, program: string): void {
  const host = hostAvailable();
  if (host.available) play(program);
  else explain(name, host.reason);
}

function play(program: string): void {
  // Even when this process is killed, the player is told, and stops its hosts.
  const argv = ["--pdeathsig", "TERM", process.execPath, program];
  const player = spawn("setpriv", argv, { stdio: "inherit", detached: true });
  for (const signal of passedOn) process.on(signal, () => player.kill(signal));
  player.on("exit", (code, signal) => {
    process.exitCode = code ?? (signal === null ? 1 : 128 + constants.signals[signal]);
  });
}

function explain(name: string, reason: string): void {
  process.stderr.write(`${name}: no test host can boot on this machine: ${reason}
${name}: it needs root on Debian, where \`make setup\` installs mmdebstrap and systemd-container
`);
  process.exitCode = 1;
}
