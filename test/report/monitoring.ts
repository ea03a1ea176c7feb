import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";

function isThere(program: string): boolean {
  return spawnSync(program, ["--version"]).error === undefined;
}

/** For a test that needs real programs of Prometheus. */
export function skipUnless(...programs: readonly string[]): string | false {
  return process.env["CI"] === "true" || programs.every(isThere)
    ? false
    : `no ${programs.join(" or no ")}: run make setup`;
}

/** With the test's process the program goes too, also by SIGKILL. */
export function start(program: string, ...words: readonly string[]): ChildProcess {
  return spawn("setpriv", ["--pdeathsig", "KILL", program, ...words], { stdio: "ignore" });
}

export async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill("SIGKILL");
  await gone;
}

/** The text at an address; undefined while nobody answers there with success. */
export async function read(url: string): Promise<string | undefined> {
  try {
    const answer = await fetch(url);
    return answer.ok ? await answer.text() : undefined;
  } catch {
    return undefined;
  }
}
