import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";

/** The kernel gives the ports from here on to connections, so a port may be taken before it is used. */
const FIRST_GIVEN = Number(
  readFileSync("/proc/sys/net/ipv4/ip_local_port_range", "utf8").split("\t")[0],
);
const FIRST = 10_240;

/** Ports of loopback that nothing listened on a moment ago, and that no connection takes meanwhile. */
export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  while (ports.size < count) {
    const port = FIRST + Math.floor(Math.random() * (FIRST_GIVEN - FIRST));
    if (await isFree(port)) ports.add(port);
  }
  return [...ports];
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
