import { spawn } from "node:child_process";
import { constants } from "node:os";
import { join } from "node:path";
import { hostAvailable } from "../host/available.ts";

/**
 * The way in: `make demo`. The acts are played by a process in a session of its own, because
 * Ctrl-C goes to all processes of the terminal's session, and the test hosts must rather be
 * stopped in order than be hit while they boot.
 */
const host = hostAvailable();
if (host.available) play();
else explain(host.reason);

function play(): void {
  // Even when this process is killed, the player is told, and stops its hosts.
  const argv = ["--pdeathsig", "TERM", process.execPath, join(import.meta.dirname, "play.ts")];
  const player = spawn("setpriv", argv, { stdio: "inherit", detached: true });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.on(signal, () => player.kill(signal));
  player.on("exit", (code, signal) => {
    process.exitCode = code ?? (signal === null ? 1 : 128 + constants.signals[signal]);
  });
}

function explain(reason: string): void {
  process.stderr.write(`demo: no test host can boot on this machine: ${reason}
demo: it needs root on Debian, where \`make setup\` installs mmdebstrap and systemd-container
`);
  process.exitCode = 1;
}
