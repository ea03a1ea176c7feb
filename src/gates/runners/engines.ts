import { join, relative } from "node:path";
import { readLink } from "../../host/files/durable.ts";
import { grepVariables, ownerOf } from "../../host/files/processes.ts";
import { type Engine, engineAt, localEngines } from "../../host/network/containers.ts";
import type { Host } from "../../host/process/host.ts";
import { describeEnd } from "../../host/process/spawn.ts";
import type { RunnerPlace } from "./seen.ts";

/**
 * The container engines that may run a job of a runner: the engines of its system, the rootless
 * engines of its user, and each engine that its unit or its process names.
 *
 * @throws Error if one of them cannot be asked
 */
export async function enginesOf(host: Host, place: RunnerPlace): Promise<Engine[]> {
  const { paths } = host;
  const set = [...assignmentsIn(place.environment), ...(await variablesOf(host, place))];
  const usesTls = set.some(([name, value]) => TLS.includes(name) && value !== "");
  const named = set
    .filter(([name, value]) => ADDRESSES.includes(name) && value !== "")
    .map(([, address]) => {
      const engine = engineAt(address, place.root);
      // A container may have another network, and a certificate is for the runner alone.
      const isElsewhere = "host" in engine && (usesTls || place.root !== paths.root);
      if (isElsewhere || !isOwn(engine, place.root, paths.root)) {
        throw new Error(`cannot ask the container engine at ${address}`);
      }
      return engine;
    });
  const user = ownerOf(join(paths.processes, String(place.mainProcess)));
  const local = localEngines(place.root, user).filter((engine) =>
    isOwn(engine, place.root, paths.root),
  );
  const engines = [...local, ...named];
  // Each once.
  return [...new Map(engines.map((engine) => [JSON.stringify(engine), engine])).values()];
}

/** A container must not lead root to a socket of the host: by `..`, or by a link, which the host follows. */
function isOwn(engine: Engine, root: string, ofHost: string): boolean {
  if ("host" in engine || root === ofHost) return true;
  const path = relative(root, engine.socketPath);
  const parts = path.split("/");
  return (
    !parts.includes("..") &&
    parts.every((_, n) => readLink(join(root, ...parts.slice(0, n + 1))) === null)
  );
}

const ADDRESSES = ["DOCKER_HOST", "CONTAINER_HOST", "WOODPECKER_BACKEND_DOCKER_HOST"];
const TLS = ["DOCKER_TLS", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH"];

type Assignment = readonly [name: string, value: string];

/** As systemd prints the environment of a unit: assignments with a space between them. */
export function assignmentsIn(environment: string): Assignment[] {
  return [...environment.matchAll(/(?:^|\s)"?(\w+)=([^\s"]*)/g)].map(
    ([, name = "", value = ""]) => [name, value],
  );
}

/** A process that hangs may never show its environment. */
const ENVIRONMENT_MS = 5_000;

/** They do not change while a process runs, and a wait looks again and again. */
const known = new WeakMap<Host, Map<string, Assignment[]>>();

/** What the process has been started with: a unit may have it from a file, or from the manager. */
async function variablesOf(
  host: Host,
  { mainProcess, startedAt }: RunnerPlace,
): Promise<Assignment[]> {
  const cache = known.get(host) ?? new Map<string, Assignment[]>();
  known.set(host, cache);
  const key = `${mainProcess} ${startedAt}`;
  const before = cache.get(key);
  if (before !== undefined) return before;
  const search = grepVariables(host.paths, mainProcess, [...ADDRESSES, ...TLS]);
  const ended = await host.spawn(search, { timeoutMs: ENVIRONMENT_MS });
  if (ended.exitCode === null) throw new Error(describeEnd(ended));
  const found = ended.stdout.split("\0").map((entry): Assignment => {
    const at = entry.indexOf("=");
    return [entry.slice(0, at), entry.slice(at + 1)];
  });
  if (ended.exitCode < 2) cache.set(key, found);
  return found;
}
