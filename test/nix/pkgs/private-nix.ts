import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ok, run, type Ended } from "../../test-host/spawn.ts";

const CONFIGURATION =
  "sandbox = false\nsubstituters =\nbuild-users-group =\nkeep-build-log = false\n";

/** As long as a test may take: an evaluation of hundreds of systems takes a minute on an idle machine. */
const timeoutMs = 300_000;

/** A Nix whose store, state and configuration are in a temporary folder: no root, no /nix. */
export class PrivateNix implements AsyncDisposable {
  readonly #folder = mkdtempSync(join(tmpdir(), "deploy-finalize-nix-"));

  constructor() {
    mkdirSync(join(this.#folder, "etc"));
    writeFileSync(join(this.#folder, "etc/nix.conf"), CONFIGURATION);
  }

  /** Builds what the expression is; returns its store path, or one line for each of several. */
  async build(expression: string, ...options: string[]): Promise<string> {
    const argv = ["nix-build", "--no-out-link", ...options, "--expr", expression];
    return (await ok(argv, { env: this.#env(), timeoutMs })).trim();
  }

  /** The value of the expression, all of it. */
  async evaluate(expression: string): Promise<unknown> {
    const value: unknown = JSON.parse(
      await ok(evaluation(expression), { env: this.#env(), timeoutMs }),
    );
    return value;
  }

  /** What a user of a flake sees of it, by `nix eval` of the program. */
  async flakeEval(
    program: string,
    installable: string,
    options: readonly string[],
  ): Promise<unknown> {
    const features = ["--extra-experimental-features", "nix-command flakes"];
    const argv = [program, ...features, "eval", "--json", installable, ...options];
    const value: unknown = JSON.parse(
      await ok([...argv, "--no-write-lock-file"], { env: this.#env(), timeoutMs }),
    );
    return value;
  }

  /** @throws Error with file and line where one of the files is no Nix */
  async parse(files: readonly string[]): Promise<void> {
    await ok(["nix-instantiate", "--parse", ...files], { env: this.#env(), timeoutMs });
  }

  /** What Nix says of an expression that it does not evaluate. */
  async refusal(expression: string): Promise<string> {
    const ended: Ended = await run(evaluation(expression), { env: this.#env(), timeoutMs });
    if (ended.exitCode === 0) throw new Error(`it does evaluate: ${ended.stdout}`);
    return ended.stderr;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // What is in a store is read-only, folders too.
    await run(["chmod", "-R", "u+w", this.#folder]);
    await run(["rm", "-rf", this.#folder]);
  }

  #env(): Record<string, string> {
    const at = (name: string): string => join(this.#folder, name);
    return {
      NIX_STORE_DIR: at("store"),
      NIX_STATE_DIR: at("state"),
      NIX_LOG_DIR: at("log"),
      NIX_CONF_DIR: at("etc"),
      NIX_REMOTE: "",
      NIX_PATH: "",
    };
  }
}

function evaluation(expression: string): string[] {
  return [
    "nix-instantiate",
    "--eval",
    "--strict",
    "--json",
    "--read-write-mode",
    "--expr",
    expression,
  ];
}
