import dns from "node:dns";
import { connect, isIP, type Socket } from "node:net";
import { pause } from "../process/time.ts";

/** RFC 8305, section 5: how long one address is tried before the next one is tried too. */
const ATTEMPT_DELAY_MS = 250;

/**
 * Connects to a server as RFC 8305 says: the addresses of a name are tried in turn, and an attempt
 * goes on while the next one begins. Node itself drops an attempt after 250 ms, and over a slow line
 * every address needs longer (notes/connecting.md).
 *
 * @param host a name or an address, without brackets
 * @throws Error if the name has no address or the signal aborts; AggregateError with the error of
 *   each address, in their order
 */
export async function connectTo(host: string, port: number, signal: AbortSignal): Promise<Socket> {
  const addresses = await unlessAborted(addressesOf(host), signal);
  const over = new AbortController();
  const either = AbortSignal.any([signal, over.signal]);
  const attempts: Promise<Socket>[] = [];
  for (const address of inTurn(addresses)) {
    const attempt = open(address, port, either);
    attempts.push(attempt);
    await Promise.race([ending(attempt, over), pause(ATTEMPT_DELAY_MS, either)]);
    if (either.aborted) break;
  }
  return await Promise.any(attempts);
}

/** Resolves when an attempt has ended; a success ends the others. */
async function ending(attempt: Promise<Socket>, others: AbortController): Promise<void> {
  try {
    await attempt;
    others.abort();
  } catch {
    // The next attempt begins.
  }
}

async function addressesOf(host: string): Promise<string[]> {
  if (isIP(host) !== 0) return [host];
  return await new Promise((resolve, reject) => {
    dns.lookup(host, { all: true }, (error, found) => {
      if (error === null) resolve(found.map(({ address }) => address));
      else reject(error);
    });
  });
}

/** Some things cannot be ended, such as a lookup, but nobody has to wait for them. */
export async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const over = new AbortController();
  const aborted = new Promise<never>((_resolve, reject) => {
    const end = (): void => {
      reject(new Error("aborted"));
    };
    if (signal.aborted) end();
    signal.addEventListener("abort", end, { signal: over.signal });
  });
  return await Promise.race([promise, aborted]).finally(() => {
    over.abort();
  });
}

/** RFC 8305, section 4: the families take turns, beginning with that of the first address. */
function inTurn(addresses: readonly string[]): string[] {
  const family = isIP(addresses[0] ?? "");
  const same = addresses.filter((address) => isIP(address) === family);
  const other = addresses.filter((address) => isIP(address) !== family);
  const turns = addresses.map((_, turn) => [same[turn], other[turn]]);
  return turns.flat().filter((address) => address !== undefined);
}

/** An attempt that is not connected when the signal aborts ends. */
async function open(host: string, port: number, signal: AbortSignal): Promise<Socket> {
  return await new Promise((resolve, reject) => {
    const socket = connect({ host, port });
    const end = (): void => {
      socket.destroy(new Error("aborted"));
    };
    const settled = (): void => {
      signal.removeEventListener("abort", end);
      socket.removeListener("error", failed);
    };
    const failed = (error: Error): void => {
      settled();
      reject(error);
    };
    signal.addEventListener("abort", end);
    socket.once("error", failed).once("connect", () => {
      settled();
      if (signal.aborted) socket.destroy();
      resolve(socket);
    });
  });
}
