import { type ChildProcess, spawn } from "node:child_process";
import { repository } from "../test-host/paths.ts";
import { until } from "../test-host/until.ts";
import { onScreen } from "./on-screen.ts";

export type Said = { output: string; exitCode: number };

/** A newcomer's terminal of 80 columns: a real one, in which a shell runs a command. */
export class Terminal implements Disposable {
  readonly #process: ChildProcess;
  #written = "";
  #exitCode: number | undefined;

  constructor(command: string) {
    const line = `stty cols 80 rows 50; exec ${command}`;
    const argv = ["--quiet", "--return", "--command", line, "/dev/null"];
    this.#process = spawn("script", argv, { cwd: repository, env: environment() });
    this.#process.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.#written += text;
    });
    this.#process.on("close", (code) => {
      this.#exitCode = code ?? -1;
    });
  }

  /** All that was on the screen, without colours. */
  get text(): string {
    return onScreen(this.#written);
  }

  type(keys: string): void {
    this.#process.stdin?.write(keys);
  }

  /** Waits until what is on the screen beyond `from` characters fits. */
  async shows(pattern: RegExp, from = 0): Promise<void> {
    await this.#until(`${pattern} is on the screen`, () => pattern.test(this.text.slice(from)));
  }

  /** Waits for the prompt of the shell on web1. */
  async prompt(from = 0): Promise<void> {
    await this.shows(/(^|\n)web1# $/, from);
  }

  /** Runs one command in the shell on web1. */
  async run(command: string): Promise<Said> {
    const output = await this.#answer(command);
    return { output, exitCode: Number(await this.#answer("echo $?")) };
  }

  async #answer(command: string): Promise<string> {
    const from = this.text.length;
    this.type(`${command}\n`);
    await this.prompt(from);
    return this.text
      .slice(from)
      .replace(/^.*\n/, "")
      .replace(/\n?web1# $/, "");
  }

  /** Waits until the command has ended; answers its exit code. */
  async ended(): Promise<number> {
    return await this.#until("the command has ended", () => this.#exitCode);
  }

  /** The window is closed: its programs are hung up on. */
  close(): void {
    this.#process.kill("SIGKILL");
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async #until<T>(what: string, ask: () => T | undefined): Promise<T> {
    return await until(what, ask, { deadlineMs: 120_000, evidence: () => this.text });
  }
}

/** As outside `make`, which may be what runs the tests. */
function environment(): NodeJS.ProcessEnv {
  const { MAKEFLAGS: _flags, MAKELEVEL: _level, MFLAGS: _more, ...rest } = process.env;
  return { ...rest, TERM: "xterm", NO_COLOR: undefined };
}
