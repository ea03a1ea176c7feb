import { codeOf } from "../core/refusal.ts";
import type { Paths } from "./paths.ts";

/** A daemon that does not answer for this long is no source of truth. */
const ANSWER_MS = 5_000;

/**
 * The names of all running containers, asked of Docker and Podman through the
 * sockets that runners themselves use: no client program need be in PATH. An
 * engine that is not there or does not listen runs no job.
 *
 * @throws Error where an engine is there but gives no usable answer
 */
export async function runningContainers(paths: Paths): Promise<string[]> {
  const names = await Promise.all(paths.containerSockets.map(ask));
  return names.flat();
}

async function ask(socket: string): Promise<string[]> {
  try {
    return parseContainers(await get(socket, "/containers/json"));
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
  if (!Array.isArray(answer)) throw new Error(`no list of containers: ${text.slice(0, 200)}`);
  return answer.flatMap((container: unknown) => {
    const names: unknown =
      typeof container === "object" && container !== null ? Reflect.get(container, "Names") : null;
    if (!Array.isArray(names)) throw new Error("a container without names");
    return names.map((name: unknown) => String(name).replace(/^\//, ""));
  });
}

async function get(socketPath: string, path: string): Promise<string> {
  const { request } = await import("node:http");
  return await new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(ANSWER_MS);
    const asked = request(
      { socketPath, path, headers: { host: "localhost" }, signal },
      (answer) => {
        let text = "";
        answer.setEncoding("utf8");
        answer.on("data", (piece: string) => (text += piece));
        answer.on("error", reject);
        answer.on("end", () => {
          if (answer.statusCode === 200) resolve(text);
          else
            reject(new Error(`${socketPath} answered ${answer.statusCode}: ${text.slice(0, 200)}`));
        });
      },
    );
    asked.on("error", reject);
    asked.end();
  });
}
