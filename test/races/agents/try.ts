import { once } from "node:events";
import { copyFileSync, existsSync, rmSync, writeFileSync } from "node:fs";
import type { Server } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { call, deploy, ended, systemSpec } from "../../on-host/deploying.ts";
import { isActive } from "../../on-host/draining.ts";
import { Cable } from "../../on-host/network.ts";
import { Host, type ToplevelSpec } from "../../test-host/host.ts";
import { type AgentKind, type JobEnd, type Place, Queue } from "./kind.ts";

/** What was seen, in words; `isGood` if no job was killed and each look saw what was so. */
export interface Seen {
  readonly what: string;
  readonly words: string;
  readonly isGood: boolean;
}

const HOME = "/var/lib/agent";
const FORGE = "forge";
const PORT = 8017;
const HOLD = "/run/hold";
/** Longer than a deploy takes until its drain. */
const ANSWER_MS = 5_000;
/** Longer than deploy-finalize looks at a runner that it does not drain, on a slow machine too. */
const BETWEEN_MS = 10_000;

/** A job that lasts until it is let go. */
const scriptOf = (sign: string): string =>
  `touch /run/${sign}-began\nwhile [ -e ${HOLD} ]; do sleep 0.2; done\ntouch /run/${sign}-ended`;

/** Tries a real agent on a test host, with a stand-in for its forge. */
export async function tryAgent(kind: AgentKind, program: string): Promise<readonly Seen[]> {
  const place: Place = {
    program: `/usr/local/bin/${kind.name}`,
    home: HOME,
    host: FORGE,
    port: PORT,
  };
  await using host = await Host.boot({ name: kind.name, baseline: specOf(kind, place, "0") });
  await using cable = new Cable(host);
  await cable.plug();
  const queue = new Queue();
  const server = kind.serve(queue);
  try {
    server.listen(PORT, cable.here);
    await once(server, "listening");
    await host.shell(`echo ${cable.here} ${FORGE} >> /etc/hosts; mkdir -p ${HOME}/ready`);
    copyFileSync(program, host.path(place.program));
    await host.ok(["chmod", "755", place.program]);
    await host.ok(["systemctl", "start", kind.unit]);
    return await new Trial(host, kind, place, queue).run();
  } finally {
    close(server);
  }
}

function close(server: Server): void {
  server.close();
  server.unref();
}

function specOf(kind: AgentKind, place: Place, definition: string): ToplevelSpec {
  const unit = `[Unit]
Description=The agent
ConditionPathExists=${HOME}/ready
[Service]
Environment=DEFINITION=${definition} HOME=${HOME} PATH=/usr/local/bin:/usr/bin:/bin:/run/current-system/sw/bin
WorkingDirectory=${HOME}
${kind.service(place).join("\n")}
[Install]
WantedBy=multi-user.target
`;
  const { unit: name, shows } = kind;
  const shown = shows === undefined ? [] : [{ unit: name, detect: { kind: "metrics", ...shows } }];
  const runners = [{ unit: name, preset: kind.name }, ...shown];
  const config = { verify: { settle: 0 }, waitFor: { runners } };
  const label = `agent-${definition}`;
  return systemSpec({ label, units: { [kind.unit]: unit }, etc: kind.etc(place) }, config);
}

class Trial {
  readonly #host: Host;
  readonly #kind: AgentKind;
  readonly #place: Place;
  readonly #queue: Queue;
  readonly #seen: Seen[] = [];

  constructor(host: Host, kind: AgentKind, place: Place, queue: Queue) {
    this.#host = host;
    this.#kind = kind;
    this.#place = place;
    this.#queue = queue;
  }

  async run(): Promise<readonly Seen[]> {
    const target = await this.#target("1");
    // An agent that has just done a job is one that has connected.
    const [first] = await this.#job("first", { held: false });
    await this.#end(first);
    await this.#look(target, "idle", false);
    await this.#deployWhileBusy(target);
    if (this.#kind.drains) await this.#deployWhileAssigned(await this.#target("2"));
    if (this.#kind.hasSteps) await this.#deployBetweenSteps(await this.#target("2"));
    await this.#stopWhileBusy();
    return this.#seen;
  }

  async #target(definition: string): Promise<string> {
    const target = await this.#host.buildToplevel(specOf(this.#kind, this.#place, definition));
    await this.#host.ok(["nix-env", "-p", "/nix/var/nix/profiles/system", "--set", target]);
    return target;
  }

  async #deployWhileBusy(target: string): Promise<void> {
    const { unit, drains } = this.#kind;
    const [job, release] = await this.#job("busy", { held: true });
    await this.#look(target, "busy", true);
    const id = await deploy(this.#host, target, "--delay", "0");
    await this.#host.until("it waits for the job", async () =>
      drains
        ? (await isActive(this.#host, unit)) === "deactivating"
        : /waits for CI job/.test(await this.#host.journal(`deploy-finalize-${id}.service`)),
    );
    // What does not drain takes a job as soon as it is free, so the next one would only be waited for.
    const next = drains ? this.#queue.push(scriptOf("next")) : null;
    release();
    const end = await this.#end(job);
    const record = await ended(this.#host, id);
    const words = `the job ended as ${end}, then ${record.state}`;
    const isGood = end === "success" && record.state === "live";
    this.#note(drains ? "drain" : "deploy while busy", words, isGood);
    if (next === null) return;
    const after = await this.#end(next);
    this.#note("the job that came meanwhile", `ended as ${after}`, after === "success");
  }

  /**
   * The forge has given a job, and the drain comes before its answer. Told, not judged: an agent that
   * ends without the answer loses the job, and nothing on the host shows that.
   */
  async #deployWhileAssigned(target: string): Promise<void> {
    const arrive = this.#queue.slowDown();
    const job = this.#queue.push(scriptOf("assigned"));
    await this.#host.until("it is assigned", () => this.#queue.endOf(job) === "running");
    const id = await deploy(this.#host, target, "--delay", "0");
    await sleep(ANSWER_MS);
    arrive();
    const record = await ended(this.#host, id);
    const end = await this.#end(job).catch(() => "running, and nobody runs it");
    this.#note("a job on its way", `${end}, then ${record.state}`, record.state === "live");
  }

  /** The agent has no process but its own while it tells the forge of a step. */
  async #deployBetweenSteps(target: string): Promise<void> {
    const [job, release] = await this.#job("step", { held: true, second: scriptOf("next-step") });
    const arrive = this.#queue.slowDown();
    release();
    await this.#host.until("the step has ended", () =>
      existsSync(this.#host.path("/run/step-ended")),
    );
    const id = await deploy(this.#host, target, "--delay", "0");
    await sleep(BETWEEN_MS);
    arrive();
    const record = await ended(this.#host, id);
    const end = await this.#end(job);
    const isGood = end === "success" && record.state === "live";
    this.#note("between two steps", `the job ended as ${end}, then ${record.state}`, isGood);
  }

  /** What a stop without deploy-finalize does: told, and judged only of an agent that drains. */
  async #stopWhileBusy(): Promise<void> {
    const { unit, drains } = this.#kind;
    const [job, release] = await this.#job("stopped", { held: true });
    await this.#host.ok(["systemctl", "stop", "--no-block", unit]);
    await this.#host.until(
      "the unit stops",
      async () => (await isActive(this.#host, unit)) !== "active",
    );
    if (drains) release();
    const isOver = async (): Promise<boolean> =>
      ["inactive", "failed"].includes(await isActive(this.#host, unit));
    await this.#host.until("the unit has stopped", isOver, { deadlineMs: 120_000 });
    release();
    const end = this.#queue.endOf(job) ?? "running";
    this.#note("its stop", `leaves the job ${end}`, !drains || end === "success");
  }

  async #job(
    sign: string,
    { held, second }: { readonly held: boolean; readonly second?: string },
  ): Promise<readonly [string, () => void]> {
    const hold = this.#host.path(HOLD);
    if (held) writeFileSync(hold, "");
    const job = this.#queue.push(scriptOf(sign), second);
    const began = this.#host.path(`/run/${sign}-began`);
    await this.#host.until(`the job ${sign} runs`, () => existsSync(began));
    return [
      job,
      () => {
        rmSync(hold, { force: true });
      },
    ];
  }

  async #end(job: string): Promise<JobEnd> {
    return await this.#host.until(`job ${job} has ended`, () => {
      const end = this.#queue.endOf(job);
      return end === "running" ? undefined : end;
    });
  }

  /** Looks until what is seen is so: a runner may work for a moment after its job. */
  async #look(target: string, what: string, isBusy: boolean): Promise<void> {
    const { unit } = this.#kind;
    const busy = new RegExp(`${unit} (runs|has fetched|is made to finish its job)`);
    const see = async (): Promise<boolean> => {
      const { stdout } = await this.#host.run(call(target, "explain", "--json"));
      return busy.test(stdout) === isBusy;
    };
    await this.#host.until(`it is seen ${what}`, see);
    this.#note(what, "seen", true);
  }

  #note(what: string, words: string, isGood: boolean): void {
    this.#seen.push({ what, words, isGood });
    console.log(`${this.#kind.name}: ${what}: ${words}${isGood ? "" : " (bad)"}`);
  }
}
