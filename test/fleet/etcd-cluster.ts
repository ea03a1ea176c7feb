import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePorts } from "../support/free-ports.ts";
import { until } from "../test-host/until.ts";

interface Member {
  readonly name: string;
  readonly client: string;
  readonly peer: string;
  process: ChildProcess | null;
}

/** Why there is no etcd here, or null where there is. */
export function etcdMissing(): string | null {
  const missing = (["etcd", "etcdctl"] as const).find(
    (program) => spawnSync(program, ["--version"]).error !== undefined,
  );
  return missing === undefined ? null : `no ${missing}: run make setup`;
}

/** A real etcd of three members on loopback, whose members can be killed, stopped and brought back. */
export class EtcdCluster implements AsyncDisposable {
  readonly #folder = mkdtempSync(join(tmpdir(), "deploy-finalize-etcd-"));
  readonly #members: readonly Member[];

  private constructor(members: readonly Member[]) {
    this.#members = members;
  }

  static async start(size = 3): Promise<EtcdCluster> {
    const ports = await freePorts(2 * size);
    const members = Array.from({ length: size }, (_, index) => ({
      name: `m${index}`,
      client: `http://127.0.0.1:${ports[2 * index]}`,
      peer: `http://127.0.0.1:${ports[2 * index + 1]}`,
      process: null,
    }));
    const cluster = new EtcdCluster(members);
    for (const member of members) cluster.#launch(member);
    await cluster.healthy();
    return cluster;
  }

  get endpoints(): string[] {
    return this.#members.map(({ client }) => client);
  }

  #launch(member: Member): void {
    const { name, client, peer } = member;
    const cluster = this.#members.map((each) => `${each.name}=${each.peer}`).join(",");
    const options = {
      name,
      "data-dir": join(this.#folder, name),
      "listen-client-urls": client,
      "advertise-client-urls": client,
      "listen-peer-urls": peer,
      "initial-advertise-peer-urls": peer,
      "initial-cluster": cluster,
      // Loopback is quick: an election is to take tenths of a second.
      "heartbeat-interval": "50",
      "election-timeout": "500",
      "log-level": "error",
    };
    const words = Object.entries(options).map(([key, value]) => `--${key}=${value}`);
    // With the test's process the member goes too, also by SIGKILL.
    member.process = spawn("setpriv", ["--pdeathsig", "KILL", "etcd", ...words], {
      stdio: "ignore",
    });
  }

  /** Waits until a member answers for a majority. */
  async healthy(): Promise<void> {
    await until("etcd has a leader", async () => {
      const asked = await Promise.all(this.endpoints.map(read));
      return asked.some((answer) => answer !== null);
    });
  }

  /**
   * The index of the member that leads.
   *
   * @param other waits until it is another one than this
   */
  async leader(other = -1): Promise<number> {
    return await until("there is a leader", async () => {
      for (const [index, { client, process: running }] of this.#members.entries()) {
        if (running === null || index === other) continue;
        const status = await post(`${client}/v3/maintenance/status`, {}, 1000);
        const { leader, header } = status ?? {};
        if (isObject(header) && leader !== undefined && leader === header["member_id"]) {
          return { index };
        }
      }
      return undefined;
    }).then(({ index }) => index);
  }

  /** The client port of a member that answers. */
  async aMember(): Promise<number> {
    return await until("a member answers", async () => {
      for (const { client } of this.#members) {
        if ((await read(client)) !== null) return Number(new URL(client).port);
      }
      return undefined;
    });
  }

  async kill(index: number): Promise<void> {
    const { process: running } = this.#member(index);
    if (running === null) return;
    const exited = once(running, "exit");
    running.kill("SIGKILL");
    await exited;
    this.#member(index).process = null;
  }

  bringBack(index: number): void {
    if (this.#member(index).process === null) this.#launch(this.#member(index));
  }

  /** The member neither answers nor ends: what others see of it is that of a partition. */
  async freeze(index: number): Promise<void> {
    const { process: running } = this.#member(index);
    if (running?.pid === undefined) return;
    running.kill("SIGSTOP");
    // Its threads do not stop at once: on a busy machine one still answers.
    const { pid } = running;
    await until("all its threads stand still", async () => {
      const tasks = await readdir(`/proc/${pid}/task`);
      const texts = tasks.map(
        async (id) => await readFile(`/proc/${pid}/task/${id}/stat`, "utf8").catch(() => ""),
      );
      return (await Promise.all(texts)).every((text) => /\) [Tt] /.test(text));
    });
  }

  thaw(index: number): void {
    this.#member(index).process?.kill("SIGCONT");
  }

  #member(index: number): Member {
    const member = this.#members[index];
    if (member === undefined) throw new RangeError(`no member ${index}`);
    return member;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const index of this.#members.keys()) {
      this.thaw(index);
      await this.kill(index);
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

async function read(endpoint: string): Promise<Record<string, unknown> | null> {
  return await post(`${endpoint}/v3/kv/range`, { key: "Zm9v" }, 1000);
}

/** Null where there is no good answer in time, in milliseconds. */
export async function post(
  url: string,
  body: object = {},
  withinMs = 120_000,
): Promise<Record<string, unknown> | null> {
  try {
    const answer = await fetch(url, {
      method: "POST",
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(withinMs),
    });
    const value: unknown = await answer.json();
    return answer.ok && isObject(value) ? value : null;
  } catch {
    return null;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
