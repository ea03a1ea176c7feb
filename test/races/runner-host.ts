import { once } from "node:events";
import { copyFileSync } from "node:fs";
import { connect, createServer, isIP, type NetConnectOpts, type Server } from "node:net";
import { pipeline } from "node:stream/promises";
import { systemSpec } from "../on-host/deploying.ts";
import { Cable } from "../on-host/network.ts";
import type { Way } from "../on-host/racing.ts";
import { Host, type ToplevelSpec } from "../test-host/host.ts";

const UNIT = "gitea-runner-default.service";
const HOME = "/var/lib/gitea-runner";
const METRICS = "127.0.0.1:9101";
const PROGRAM = "/usr/local/bin/gitea-runner";

/** Where the runner runs its jobs. For a container, its engine and nothing else shows them. */
export type Jobs = "on-host" | "in-container";

/** The container engine, as the host sees it. */
export const ENGINE = { host: "engine", port: 2375 } as const;

/** A system with a real runner of Gitea. It is idle until it has been registered. */
export function runnerSpec(way: Way, definition: string, jobs: Jobs = "on-host"): ToplevelSpec {
  const drains = way === "drained";
  const stop = drains
    ? ["Environment=DEPLOY_FINALIZE_STOP=drains", "KillMode=mixed", "TimeoutStopSec=2h"]
    : [];
  const engine = jobs === "on-host" ? "" : `DOCKER_HOST=tcp://${ENGINE.host}:${ENGINE.port}`;
  const unit = `[Unit]
Description=The runner of Gitea
ConditionPathExists=${HOME}/.runner
[Service]
Environment=DEFINITION=${definition} HOME=${HOME} PATH=/run/current-system/sw/bin ${engine}
ExecStart=${PROGRAM} daemon --config /etc/gitea-runner.yaml
WorkingDirectory=${HOME}
Restart=on-failure
RestartSec=2
${stop.join("\n")}
[Install]
WantedBy=multi-user.target
`;
  const settings = {
    // Nobody is asked for the authority of the forge's certificate.
    runner: {
      file: `${HOME}/.runner`,
      insecure: true,
      ...(drains ? { shutdown_timeout: "2h" } : {}),
    },
    cache: { enabled: false },
    // Of the engine that DOCKER_HOST names, and the image that it has.
    container: { network: "host", force_pull: false, docker_host: "-" },
    metrics: { enabled: true, addr: METRICS },
  };
  const url = `http://${METRICS}/metrics`;
  const metric = {
    unit: UNIT,
    detect: { kind: "metrics", url, metric: "gitea_runner_job_running" },
  };
  const preset = { unit: UNIT, preset: "gitea-actions-runner" };
  const runners = jobs === "on-host" ? [preset, metric] : [preset];
  const waitFor = { runners, drainRunners: drains };
  // JSON is YAML too.
  const etc = { "gitea-runner.yaml": JSON.stringify(settings) };
  const label = `runner-${definition}`;
  return systemSpec({ label, units: { [UNIT]: unit }, etc }, { verify: { settle: 0 }, waitFor });
}

/** A test host with a real runner, and a way from it to one server outside. */
export class RunnerHost implements AsyncDisposable {
  readonly host: Host;
  /** The server as the host sees it. */
  readonly seen: string;
  readonly #cable: Cable;
  readonly #way: Server;

  private constructor(host: Host, cable: Cable, way: Server, seen: string) {
    this.host = host;
    this.#cable = cable;
    this.#way = way;
    this.seen = seen;
  }

  static async boot(way: Way, program: string, url: string, jobs?: Jobs): Promise<RunnerHost> {
    const baseline = runnerSpec(way, "0", jobs);
    const host = await Host.boot({ name: `runner-${way}`, baseline });
    const cable = new Cable(host);
    const { hostname, protocol, port: given } = new URL(url);
    const port = Number(given) || (protocol === "https:" ? 443 : 80);
    const isName = isIP(hostname) === 0 && hostname !== "localhost";
    const seen = isName ? url : url.replace(hostname, cable.here);
    const made = new RunnerHost(host, cable, wayTo({ host: hostname, port }), seen);
    try {
      await cable.plug();
      made.#way.listen(port, cable.here);
      await once(made.#way, "listening");
      if (isName) await host.shell(`echo ${cable.here} ${hostname} >> /etc/hosts`);
      copyFileSync(program, host.path(PROGRAM));
      await host.ok(["chmod", "755", PROGRAM]);
      return made;
    } catch (error) {
      await made[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Makes a container engine of this machine that of the host. */
  async serveEngine(socketPath: string): Promise<Server> {
    await this.host.shell(`echo ${this.#cable.here} ${ENGINE.host} >> /etc/hosts`);
    const way = wayTo({ path: socketPath });
    way.listen(ENGINE.port, this.#cable.here);
    await once(way, "listening");
    return way;
  }

  /**
   * From now on the runner runs, and takes jobs with this label.
   *
   * @param place where it runs them, in its words
   */
  async register(label: string, token: string, place = "host"): Promise<void> {
    const { host, seen } = this;
    await host.ok(["install", "-d", HOME]);
    const where = ["--config", "/etc/gitea-runner.yaml", "--instance", seen];
    const what = ["--token", token, "--name", label, "--labels", `${label}:${place}`];
    await host.ok([PROGRAM, "register", "--no-interactive", ...where, ...what]);
    await host.ok(["systemctl", "start", UNIT]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.host.stop();
    await this.#cable.cut();
    this.#way.close();
  }
}

/** Whatever comes in goes on to the server. */
function wayTo(server: NetConnectOpts): Server {
  return createServer({ allowHalfOpen: true }, (socket) => {
    // An end that is lost is the business of the two that speak.
    pipeline(socket, connect({ ...server, allowHalfOpen: true }), socket).catch(() => {});
  });
}
