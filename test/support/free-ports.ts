import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";

/** The kernel gives the ports from here on to connections, so a port may be taken before it is used. */
const FIRST_GIVEN = Number(
  readFileSync("/proc/sys/net/ipv4/ip_local_port_range", "utf8").split("\t")[0],
);
const FIRST = 10_240;

/**
 * Ports of loopback that nothing listened on a moment ago, and that neither a connection nor another test
 * takes meanwhile.
 */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  while (ports.length < count) {
    const port = FIRST + Math.floor(Math.random() * (FIRST_GIVEN - FIRST));
    if ((await isClaimed(port)) && (await isFree(port))) ports.push(port);
  }
  return ports;
}

/** Claims a port until this process ends: a server that is started on it begins to listen later. */
async function isClaimed(port: number): Promise<boolean> {
  // An abstract socket: it ends with its process, and leaves no file behind.
  const claim = createServer().listen({ path: `\0deploy-finalize-port-${port}` });
  try {
    await once(claim, "listening");
  } catch {
    return false;
  }
  claim.unref();
  return true;
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, "127.0.0.1");
  try {
    await once(server, "listening");
  } catch {
    return false;
  }
  await once(server.close(), "close");
  return true;
}
