import { once } from "node:events";
import { copyFileSync } from "node:fs";
import { connect, createServer, isIP, type Server } from "node:net";
import { pipeline } from "node:stream/promises";
import { systemSpec } from "../on-host/deploying.ts";
import { Cable } from "../on-host/network.ts";
import type { Way } from "../on-host/racing.ts";
import { Host, type ToplevelSpec } from "../test-host/host.ts";

const UNIT = "gitea-runner-default.service";
const HOME = "/var/lib/gitea-runner";
const METRICS = "127.0.0.1:9101";
const PROGRAM = "/usr/local/bin/gitea-runner";

/** A system with a real runner of Gitea. It is idle until it has been registered. */
export function runnerSpec(way: Way, definition: string): ToplevelSpec {
  const drains = way === "drained";
  const stop = drains
    ? ["Environment=DEPLOY_FINALIZE_STOP=drains", "KillMode=mixed", "TimeoutStopSec=2h"]
    : [];
  const unit = `[Unit]
Description=The runner of Gitea
ConditionPathExists=${HOME}/.runner
[Service]
Environment=DEFINITION=${definition} HOME=${HOME} PATH=/run/current-system/sw/bin
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
    metrics: { enabled: true, addr: METRICS },
  };
  const url = `http://${METRICS}/metrics`;
  const runners = [
    { unit: UNIT, preset: "gitea-actions-runner" },
    { unit: UNIT, detect: { kind: "metrics", url, metric: "gitea_runner_job_running" } },
  ];
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

  static async boot(way: Way, program: string, url: string): Promise<RunnerHost> {
    const host = await Host.boot({ name: `runner-${way}`, baseline: runnerSpec(way, "0") });
    const cable = new Cable(host);
    const { hostname, protocol, port: given } = new URL(url);
    const port = Number(given) || (protocol === "https:" ? 443 : 80);
    const isName = isIP(hostname) === 0 && hostname !== "localhost";
    const seen = isName ? url : url.replace(hostname, cable.here);
    const made = new RunnerHost(host, cable, wayTo(hostname, port), seen);
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

  /** From now on the runner runs, and takes jobs with this label. */
  async register(label: string, token: string): Promise<void> {
    const { host, seen } = this;
    await host.ok(["install", "-d", HOME]);
    const where = ["--config", "/etc/gitea-runner.yaml", "--instance", seen];
    const what = ["--token", token, "--name", label, "--labels", `${label}:host`];
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
function wayTo(host: string, port: number): Server {
  return createServer((socket) => {
    // An end that is lost is the business of the two that speak.
    pipeline(socket, connect({ host, port }), socket).catch(() => {});
  });
}
