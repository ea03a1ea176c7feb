import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { constants } from "node:os";
import type { Host } from "../test-host/host.ts";
import { setTerminal, terminalSettings } from "./terminal-settings.ts";

/** Its exit code (128 and the signal's number where one ended it), or that the host went down. */
export type ShellEnd = number | "shutdown";

/**
 * A shell inside the host, on this process's own streams. On a terminal it is interactive;
 * elsewhere it runs the commands of standard input. It is a unit of the host, so that a shutdown
 * stops it in order, and does not have to wait for it at the end.
 */
export class Shell {
  readonly #host: Host;
  readonly #bootId: string;
  readonly #process: ChildProcess;
  readonly ended: Promise<ShellEnd>;
  #state: "runs" | "over" = "runs";

  constructor(host: Host, bootId: string) {
    this.#host = host;
    this.#bootId = bootId;
    const settings = terminalSettings();
    const leader = /^\/proc\/(\d+)\//.exec(host.path("/"))?.[1] ?? "";
    const argv = ["--target", leader, "--all", "--wdns=/", ...unit()];
    // On a terminal, standard error is only what systemd-run itself has to say.
    const stderr = process.stdin.isTTY ? "pipe" : "inherit";
    // In a group of its own, for nsenter passes no signal on.
    const stdio = ["inherit", "inherit", stderr] as const;
    this.#process = spawn("nsenter", argv, { stdio: [...stdio], detached: true });
    // Where the host goes down without stopping its units, it stops nsenter, which then waits for ever.
    const watch = setInterval(() => this.#endIfDown(), 100);
    this.ended = this.#end().finally(() => {
      this.#state = "over";
      clearInterval(watch);
      setTerminal(settings);
    });
  }

  /** Its terminal has another size. */
  resized(): void {
    this.#signal("SIGWINCH");
  }

  /** Lets go of the terminal. What runs in the host ends with the host. */
  async end(): Promise<void> {
    this.#signal("SIGKILL");
    await this.ended;
  }

  async #end(): Promise<ShellEnd> {
    let said = "";
    this.#process.stderr?.on("data", (chunk: Buffer) => {
      said += chunk.toString();
    });
    const exitCode = await new Promise<number>((resolve, reject) => {
      this.#process.on("error", reject);
      this.#process.on("close", (code, signal) => {
        resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
      });
    });
    if (this.#isShutdown()) return "shutdown";
    process.stderr.write(said);
    return exitCode;
  }

  #endIfDown(): void {
    if (this.#host.bootId() !== this.#bootId) this.#signal("SIGKILL");
  }

  #isShutdown(): boolean {
    if (this.#host.bootId() !== this.#bootId) return true;
    try {
      return readFileSync(this.#host.path(lastWords), "utf8").startsWith("stopping");
    } catch {
      return this.#host.bootId() !== this.#bootId;
    }
  }

  #signal(signal: NodeJS.Signals): void {
    const { pid } = this.#process;
    if (pid !== undefined && this.#state === "runs") process.kill(-pid, signal);
  }
}

/** Interactive bash reads the file itself, one that runs commands where BASH_ENV says so. */
const startup = "/opt/try/shell";
/** What systemd says of the host as the shell ends. */
const lastWords = "/run/shell-ended";

function unit(): string[] {
  const isTerminal = process.stdin.isTTY;
  const variables = ["HOME=/root", `TERM=${process.env["TERM"] ?? "dumb"}`, `BASH_ENV=${startup}`];
  const properties = [
    // Stopped before the bus, over which systemd-run is told of it.
    "After=dbus.service",
    // To an interactive bash a SIGTERM is nothing.
    "SendSIGHUP=yes",
    `ExecStopPost=-/bin/sh -c 'systemctl is-system-running >${lastWords}'`,
  ];
  const run = "setpriv --pdeathsig TERM systemd-run --quiet --wait --collect --unit=shell";
  const bash = isTerminal ? `bash --noprofile --rcfile ${startup}` : "bash";
  return [
    ...run.split(" "),
    "--working-directory=/root",
    isTerminal ? "--pty" : "--pipe",
    ...properties.map((property) => `--property=${property}`),
    ...variables.map((variable) => `--setenv=${variable}`),
    ...bash.split(" "),
  ];
}
