import { join } from "node:path";
import { codeOf } from "../../core/refusal.ts";
import { entries, ownerOf } from "../files/processes.ts";

/** After this time without an answer, the containers are unknown. */
const ANSWER_MS = 5_000;

/** A container engine. Docker and Podman both speak Docker's API. */
export type Engine =
  | { readonly socketPath: string }
  | { readonly host: string; readonly port: number };

/**
 * The names of all running containers, from the engines that runners use too, so no client program is
 * needed. An engine that does not exist or listen runs no job.
 *
 * @throws Error if an engine gives no usable answer
 */
export async function runningContainers(engines: readonly Engine[]): Promise<string[]> {
  const names = await Promise.all(engines.map(ask));
  return names.flat();
}

const SOCKETS = ["docker.sock", "podman/podman.sock"];

/**
 * The engines of a system, and the rootless ones of a user.
 *
 * @param root the root folder of the system, as this process sees it
 */
export function localEngines(root: string, userId: number | null): Engine[] {
  const users = join(root, "run/user");
  const own = entries(users)
    .map((name) => join(users, name))
    .filter((folder) => userId !== null && ownerOf(folder) === userId);
  const folders = [join(root, "run"), ...own];
  return folders.flatMap((folder) => SOCKETS.map((name) => ({ socketPath: join(folder, name) })));
}

/**
 * The engine at an address, as DOCKER_HOST holds it.
 *
 * @param root the root folder of the system that knows the address
 * @throws Error if it cannot be asked
 */
export function engineAt(address: string, root: string): Engine {
  const socket = /^unix:\/\/(\/.+)$/.exec(address)?.[1];
  // Seen from outside, /var/run would be a link to the /run of this process.
  if (socket !== undefined)
    return { socketPath: join(root, socket.replace(/^\/var\/run\//, "/run/")) };
  const [, host, port] =
    /^(?:tcp|http):\/\/([\w.-]+|\[[\d:a-f]+\])(?::(\d{1,5}))?\/?$/.exec(address) ?? [];
  if (host === undefined) throw new Error(`cannot ask the container engine at ${address}`);
  return { host: host.replace(/^\[|\]$/g, ""), port: Number(port ?? 2375) };
}

async function ask(engine: Engine): Promise<string[]> {
  try {
    return parseContainers(await get(engine, "/containers/json"));
  } catch (error) {
    if (["ENOENT", "ECONNREFUSED"].includes(codeOf(error) ?? "")) return [];
    throw error;
  }
}

/**
 * Docker's answer: a list of containers with `Names`, each with a slash before it.
 *
 * @throws Error for anything else
 */
export function parseContainers(text: string): string[] {
  const answer: unknown = JSON.parse(text);
  if (!Array.isArray(answer)) throw new Error(`not a list of containers: ${text.slice(0, 200)}`);
  return answer.flatMap((container: unknown) => {
    const names: unknown =
      typeof container === "object" && container !== null ? Reflect.get(container, "Names") : null;
    if (!Array.isArray(names)) throw new Error("a container without names");
    return names.map((name: unknown) => String(name).replace(/^\//, ""));
  });
}

async function get(engine: Engine, path: string): Promise<string> {
  const { request } = await import("node:http");
  return await new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(ANSWER_MS);
    const asked = request({ ...engine, path, headers: { host: "localhost" }, signal }, (answer) => {
      let text = "";
      answer.setEncoding("utf8");
      answer.on("data", (piece: string) => (text += piece));
      answer.on("error", reject);
      answer.on("end", () => {
        if (answer.statusCode === 200) resolve(text);
        else
          reject(
            new Error(`${nameOf(engine)} answered ${answer.statusCode}: ${text.slice(0, 200)}`),
          );
      });
    });
    asked.on("error", reject);
    asked.end();
  });
}

function nameOf(engine: Engine): string {
  return "host" in engine ? `${engine.host}:${engine.port}` : engine.socketPath;
}
