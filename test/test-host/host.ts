import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Cgroup, inCgroup } from "./cgroup.ts";
import { Machine } from "./machine.ts";
import { repository } from "./paths.ts";
import { enqueueScript, readJob, runnerDefinition, runnerReady, type Job } from "./runner.ts";
import { failure, run, type Ended, type SpawnOptions } from "./spawn.ts";
import { specJson, type ToplevelSpec } from "./toplevel.ts";
import { until, type UntilOptions } from "./until.ts";

export type { Ended, Job, SpawnOptions, ToplevelSpec };

export type HostOptions = {
  /** Part of the machine's name in messages and folders. */
  name?: string;
  /** The toplevel it boots: booted, current, profile and boot default at first. */
  baseline?: ToplevelSpec;
  /** Folder on the outside that is /opt/deploy-finalize inside. Default: the repository's dist. */
  tool?: string;
  /** Folders inside that are small file systems of their own. They survive a reboot. */
  disks?: readonly string[];
};

/** What is really so on the host, each fact read anew. Paths are those of real toplevels. */
export type Facts = {
  booted: string;
  current: string;
  /** The toplevel behind the profile, also when deploy-rs wrapped it. */
  profile: string;
  bootDefault: string;
  bootId: string;
  /** Definition the running runner was started with; undefined while it does not run. */
  runnerDefinition: string | undefined;
};

const profilePath = "/nix/var/nix/profiles/system";
const switchPath = "bin/switch-to-configuration";
/** The activation of guest/activate waits while it is there. A boot takes it away. */
const HOLDS_ACTIVATION = "/run/hold-activation";

/** A throw-away NixOS-shaped machine: real systemd, real Nix, stand-ins for the rest of NixOS. */
export class Host {
  readonly #machine: Machine;
  readonly #built = new Map<string, Promise<string>>();

  private constructor(machine: Machine) {
    this.#machine = machine;
  }

  /** Makes a host of its own and boots it; resolves when systemd and the runner are up. */
  static async boot(options: HostOptions = {}): Promise<Host> {
    const tool = options.tool ?? join(repository, "dist");
    const host = new Host(await Machine.make(options.name ?? "host", tool, options.disks ?? []));
    try {
      writeFileSync(
        join(host.#machine.root, "boot/loader/install.json"),
        specJson(options.baseline ?? {}),
      );
      await host.powerOn();
      return host;
    } catch (error) {
      await host.stop();
      throw error;
    }
  }

  /** Runs argv inside, as root. A non-zero exit is an answer; only a time-out throws. */
  async run(argv: readonly string[], options: SpawnOptions = {}): Promise<Ended> {
    const variables = Object.entries({ ...guestEnv, ...options.env }).map(
      ([name, value]) => `${name}=${value}`,
    );
    const leader = this.#leader();
    const group = [inCgroup, Cgroup.inside(leader)];
    const enter = [...group, "nsenter", "--target", String(leader), "--all", "--wdns=/"];
    // With nsenter, which a time-out kills, the program inside goes too.
    const inside = ["setpriv", "--pdeathsig", "KILL", "env", "--ignore-environment", ...variables];
    return run([...enter, ...inside, ...argv], { ...options, env: {} });
  }

  /** Like `run`, but throws unless the exit code is 0. Returns standard output. */
  async ok(argv: readonly string[], options: SpawnOptions = {}): Promise<string> {
    const ended = await this.run(argv, options);
    if (ended.exitCode !== 0) throw new Error(`inside: ${failure(argv, ended)}`);
    return ended.stdout;
  }

  /** A bash script, with `ok`'s rules. */
  shell(script: string, options: SpawnOptions = {}): Promise<string> {
    return this.ok(["bash", "-euo", "pipefail", "-c", script], options);
  }

  /** Starts alice's user manager, now and after each boot; resolves when it is up. */
  async userManager(): Promise<void> {
    await this.ok(["loginctl", "enable-linger", "alice"]);
    const ask = ["systemctl", "--user", "is-system-running", "--wait"];
    await this.until("alice's user manager is up", async () =>
      ["running", "degraded"].includes((await this.asUser(ask)).stdout.trim()),
    );
  }

  /** Like `run`, as alice. `systemctl --user` reaches her user manager. */
  asUser(argv: readonly string[], options: SpawnOptions = {}): Promise<Ended> {
    const variables = ["HOME=/home/alice", "USER=alice", "XDG_RUNTIME_DIR=/run/user/1000"];
    const become = ["setpriv", "--reuid=1000", "--regid=1000", "--clear-groups", "env"];
    return this.run([...become, ...variables, ...argv], options);
  }

  /** Builds with the host's Nix; returns the store path. */
  buildToplevel(spec: ToplevelSpec = {}): Promise<string> {
    const json = specJson(spec);
    const known = this.#built.get(json);
    if (known !== undefined) return known;
    const argv = [
      "nix-build",
      "--no-out-link",
      "/opt/test-host/toplevel.nix",
      "--argstr",
      "specJson",
      json,
    ];
    const building = this.ok(argv).then((path) => path.trim());
    this.#built.set(json, building);
    return building;
  }

  /** A new generation of the system profile. */
  async setProfile(toplevel: string): Promise<void> {
    await this.ok(["nix-env", "-p", profilePath, "--set", toplevel]);
  }

  /** What a deploy does: profile, then `switch-to-configuration boot`. */
  async deployBoot(toplevel: string): Promise<void> {
    await this.setProfile(toplevel);
    await this.ok([join(toplevel, switchPath), "boot"]);
  }

  /** Puts a bash script into the CI runner's queue; returns the job's id. */
  async queueJob(script: string): Promise<string> {
    const id = `${Date.now()}-${randomBytes(2).toString("hex")}`;
    await this.ok(["sh", "-euc", enqueueScript(id)], { stdin: script });
    return id;
  }

  job(id: string): Job {
    return readJob(this.#machine, id);
  }

  /** Waits until the job has ended or is lost. */
  jobEnded(id: string, options: UntilOptions = {}): Promise<Job> {
    const evidence = () => JSON.stringify(this.job(id), null, 2);
    return this.until(`job ${id} has ended`, () => ifOver(this.job(id)), { evidence, ...options });
  }

  /** Waits until `ask` answers something; the error shows journal and console by default. */
  until<T>(
    what: string,
    ask: () => Promise<T | undefined | false> | T | undefined | false,
    options: UntilOptions = {},
  ): Promise<T> {
    return until(what, ask, { evidence: () => this.evidence(), ...options });
  }

  /** The journal of all boots, or of one unit. Also while the host is off. */
  async journal(unit?: string): Promise<string> {
    const argv = [
      "journalctl",
      "--no-pager",
      "--quiet",
      "--output=short-precise",
      ...(unit === undefined ? [] : ["--unit", unit]),
    ];
    if (this.#machine.leader() !== undefined) {
      // What a program has said is there only once the journal has read it.
      await this.run(["journalctl", "--sync"], { timeoutMs: 30_000 }).catch(() => {});
      return (await this.run(argv)).stdout;
    }
    return (await run([...argv, "--directory", join(this.#machine.root, "var/log/journal")]))
      .stdout;
  }

  async facts(): Promise<Facts> {
    const links = ["/run/booted-system", "/run/current-system", profilePath].map((link) =>
      join(link, switchPath),
    );
    const [booted = "", current = "", profile = ""] = (await this.ok(["realpath", "-e", ...links]))
      .split("\n")
      .map(toplevelOf);
    const entries = (await this.read("/boot/loader/entries")).split("\n");
    const bootDefault = toplevelOf(
      (await this.ok(["realpath", "-e", join(entries[0] ?? "", switchPath)])).trim(),
    );
    return {
      booted,
      current,
      profile,
      bootDefault,
      bootId: this.bootId() ?? "",
      runnerDefinition: await this.#runnerDefinition(),
    };
  }

  /** systemd calls a service running before its program has done anything. */
  async #runnerDefinition(): Promise<string | undefined> {
    const look = async (): Promise<{ definition: string | undefined } | undefined> => {
      const definition = runnerDefinition(this.#machine);
      if (definition !== undefined) return { definition };
      const { stdout } = await this.run(["systemctl", "is-active", "ci-runner.service"]);
      return stdout === "active\n" ? undefined : { definition };
    };
    return (await this.until("the runner tells its definition", look)).definition;
  }

  /** The kernel's id of the running boot; undefined while off or between two boots. */
  bootId(): string | undefined {
    if (this.#machine.leader() === undefined) return undefined;
    try {
      return readFileSync(this.path("/proc/sys/kernel/random/boot_id"), "utf8").trim();
    } catch {
      return undefined;
    }
  }

  /** Asks systemd for a reboot. It may be under way before systemctl has ended. */
  async askForReboot(): Promise<void> {
    await this.run(["systemctl", "--no-block", "reboot"]);
  }

  /** Makes each activation but that of a boot wait until `letActivate`. */
  async holdActivation(): Promise<void> {
    await this.ok(["touch", HOLDS_ACTIVATION]);
  }

  async letActivate(): Promise<void> {
    await this.ok(["rm", HOLDS_ACTIVATION]);
  }

  /** Waits until the host is up on another boot than `previousBootId`; returns the new id. */
  async rebooted(previousBootId: string, options: UntilOptions = {}): Promise<string> {
    const other = () => (this.bootId() === previousBootId ? undefined : this.bootId());
    const bootId = await this.until(`a boot after ${previousBootId}`, other, options);
    await this.#up();
    return bootId;
  }

  /** Every process ends at once. Data not yet synced survives (page cache of the outside). */
  powerCut(): Promise<void> {
    return this.#machine.powerCut();
  }

  /** Boots again after `powerCut`; resolves when the host is up. */
  async powerOn(): Promise<void> {
    this.#machine.powerOn();
    await this.#up();
  }

  /** Everything of this host is gone: processes, mounts, files. May be called twice. */
  stop(): Promise<void> {
    return this.#machine.destroy();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  /** The outside's path of a file inside. Absolute links in it lead astray: see `read`. */
  path(inside: string): string {
    return this.#machine.path(inside);
  }

  /** A file's text, links followed as inside. */
  read(inside: string): Promise<string> {
    return this.ok(["cat", inside]);
  }

  /** Writes a file, its folders made as needed, links followed as inside. */
  async write(inside: string, text: string): Promise<void> {
    await this.ok(["sh", "-euc", 'mkdir -p "$(dirname "$1")"; cat > "$1"', "sh", inside], {
      stdin: text,
    });
  }

  /** What helps to understand a failure: the end of the journal and of the console. */
  async evidence(): Promise<string> {
    const journal = (await this.journal().catch(String)).split("\n").slice(-60).join("\n");
    return `--- journal\n${journal}\n--- console\n${this.#machine.console()}`;
  }

  async #up(): Promise<void> {
    // Asked too early, systemctl or nsenter fails; PID 1 may also just be going down.
    const state = () =>
      this.run(["systemctl", "is-system-running", "--wait"]).then(
        (ended) => ended.stdout.trim(),
        String,
      );
    const listens = () =>
      this.#machine.leader() !== undefined && existsSync(this.path("/run/systemd/private"));
    await this.until(
      "systemd is up",
      async () => listens() && ["running", "degraded"].includes(await state()),
    );
    await this.until("the CI runner is ready", () => runnerReady(this.#machine));
  }

  #leader(): number {
    const leader = this.#machine.leader();
    if (leader === undefined) throw new Error(`the host is not up\n${this.#machine.console()}`);
    return leader;
  }
}

/** What a root shell on NixOS would have, and nothing of the test's own environment. */
const guestEnv = {
  PATH: "/run/current-system/sw/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin",
  HOME: "/root",
  USER: "root",
  LANG: "C.UTF-8",
};

function ifOver(job: Job): Job | undefined {
  return job.state === "ended" || job.state === "lost" ? job : undefined;
}

function toplevelOf(switchToConfiguration: string): string {
  return switchToConfiguration.replace(/\/bin\/[^/]*$/, "");
}
