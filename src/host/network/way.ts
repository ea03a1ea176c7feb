import type { RequestOptions } from "node:http";
import { isIP, setDefaultAutoSelectFamilyAttemptTimeout, type Socket } from "node:net";
import type { TlsFiles } from "../../core/config/lock-config.ts";
import { connectTo } from "./connect.ts";
import { readTls, trustSystemAuthorities } from "./tls-files.ts";

/**
 * How a request gets to its server: over a new connection, because a kept one may be dead at the
 * next try, or through a proxy.
 *
 * @throws Error if a file cannot be read or the server cannot be reached
 */
export async function wayTo(
  url: URL,
  proxy: string | null,
  files: Partial<TlsFiles>,
  signal: AbortSignal,
): Promise<RequestOptions> {
  const tls = url.protocol === "https:" ? readTls(files) : null;
  if (proxy !== null) return await through(proxy, tls);
  const socket = await directly(url, tls, signal);
  return { createConnection: () => socket };
}

type Tls = Readonly<Record<string, Buffer>>;

async function directly(
  { hostname, port }: URL,
  tls: Tls | null,
  signal: AbortSignal,
): Promise<Socket> {
  const host = hostname.replace(/^\[(.*)\]$/, "$1");
  const socket = await connectTo(host, Number(port) || (tls === null ? 80 : 443), signal);
  if (tls === null) return socket;
  const { connect } = await import("node:tls");
  const name = isIP(host) === 0 ? { servername: host } : {};
  return connect({ ...tls, ...name, socket, host });
}

/**
 * How long Node tries one address of a proxy, in milliseconds, before it drops the attempt for the
 * next one. Node itself connects to a proxy, and its own 250 ms are too short for a slow line.
 */
const ATTEMPT_MS = 2_500;

/** In milliseconds, after which Node itself gives up a proxy that opens no tunnel. */
const TUNNEL_MS = 30_000;

/** Node's own support of proxies: notes/proxies.md. */
async function through(proxy: string, tls: Tls | null): Promise<RequestOptions> {
  setDefaultAutoSelectFamilyAttemptTimeout(ATTEMPT_MS);
  if (proxy.startsWith("https:")) await trustSystemAuthorities();
  const { Agent } = tls === null ? await import("node:http") : await import("node:https");
  const proxyEnv = { http_proxy: proxy, https_proxy: proxy };
  return { agent: new Agent({ ...tls, proxyEnv }), timeout: TUNNEL_MS };
}
