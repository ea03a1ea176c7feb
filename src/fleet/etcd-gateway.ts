import { readText } from "../host/files/durable.ts";
import { reading, UnreadFile } from "../host/files/unread-file.ts";
import * as v from "valibot";
import { jsonIn, quoted } from "../core/answer.ts";
import type { EtcdLockConfig, Reached } from "../core/config/lock-config.ts";
import { messageOf } from "../core/refusal.ts";
import {
  below,
  type HttpAnswer,
  type HttpRequest,
  type HttpTerms,
  jsonRequest,
  NotSent,
  send,
} from "../host/network/http.ts";
import { type Appetite, sendForLines } from "../host/network/lines.ts";
import { unreadTlsOf } from "../host/network/tls-files.ts";
import { pause } from "../host/process/time.ts";
import type { Unknown } from "./slot-keeping.ts";

const failure = v.object({ message: v.string() });
const authenticated = v.object({ token: v.string() });

const UNAUTHORIZED = 401;

/**
 * The JSON gateway of an etcd cluster (notes/etcd-gateway.md). It asks the members in turn, starting
 * with the member that answered last.
 */
export class EtcdGateway {
  readonly #config: Reached<EtcdLockConfig>;
  /** The member to ask: an index that only grows. */
  #member: number;
  #token: string | null = null;

  /** @param first selects the first member, from 0 up to but not including 1; differs between hosts */
  constructor(config: Reached<EtcdLockConfig>, first: number) {
    this.#config = config;
    this.#member = Math.floor(first * config.endpoints.length);
  }

  /**
   * Asks the members one after the other until one answers: for requests that may be repeated.
   *
   * @throws Error with the last member and its problem
   */
  async ask(path: string, body: object): Promise<unknown> {
    const members = this.#config.endpoints.length;
    for (let tries = 1; ; tries++) {
      try {
        return await this.askOnce(path, body);
      } catch (error) {
        if (tries >= members) throw error;
      }
    }
  }

  /**
   * Asks one member, once: for requests that must not be repeated unnoticed.
   *
   * @throws NotSent, UnreadFile or Denied if it was not carried out; else it is unknown whether it was
   */
  async askOnce(path: string, body: object): Promise<unknown> {
    try {
      return await this.#askMember(this.#endpointOf(this.#member), path, body);
    } catch (error) {
      this.#member++;
      // A file that cannot be read now says nothing about a request that was sent before.
      throw (error instanceof NotSent ? unreadFileOf(this.#config) : null) ?? error;
    }
  }

  /**
   * Asks one member, once, for an answer that is a stream of lines, and has no end of its own.
   *
   * @param onLine may throw; then the next request asks for a token anew
   * @param ahead asks the member that comes so many after the one to ask. If it has enough for `onLine`, it is
   *   the one to ask from then on; if not, nothing is said against the other one
   * @throws Error if there is no first line in time, or the stream ends before `onLine` has enough
   */
  async stream(
    path: string,
    body: object,
    signal: AbortSignal,
    onLine: (line: string) => Appetite,
    ahead = 0,
  ): Promise<void> {
    const member = this.#member + ahead;
    try {
      await this.#streamFrom(this.#endpointOf(member), path, body, signal, onLine);
      this.#member = member;
    } catch (error) {
      if (!signal.aborted) {
        this.#token = null;
        if (ahead === 0) this.#member++;
      }
      throw error;
    }
  }

  #endpointOf(member: number): string {
    const { endpoints } = this.#config;
    return endpoints[member % endpoints.length] ?? "";
  }

  async #streamFrom(
    endpoint: string,
    path: string,
    body: object,
    signal: AbortSignal,
    onLine: (line: string) => Appetite,
  ): Promise<void> {
    this.#token ??= await this.#authenticate(endpoint);
    const begun = new AbortController();
    const within = AbortSignal.any([signal, unlessBegun(this.#config.timeout, begun.signal)]);
    try {
      const request = this.#request(endpoint, path, body, LEADS);
      const answer = await sendForLines(request, { within, ...this.#terms() }, (line) => {
        begun.abort();
        return onLine(line);
      });
      if (answer !== null) read(endpoint, answer);
    } finally {
      begun.abort();
    }
  }

  async #askMember(endpoint: string, path: string, body: object): Promise<unknown> {
    this.#token ??= await this.#authenticate(endpoint);
    const answer = await this.#post(endpoint, path, body);
    if (answer.status !== UNAUTHORIZED || this.#token === null) return read(endpoint, answer);
    // A token expires, and ends with the member that issued it.
    this.#token = await this.#authenticate(endpoint);
    return read(endpoint, await this.#post(endpoint, path, body));
  }

  /** Null if no user is configured. */
  async #authenticate(endpoint: string): Promise<string | null> {
    const { username: name, passwordFile } = this.#config;
    if (name === null || passwordFile === null) return null;
    const password = readPassword(passwordFile);
    this.#token = null;
    const answer = await this.#post(endpoint, "v3/auth/authenticate", { name, password });
    return v.parse(authenticated, read(endpoint, answer)).token;
  }

  async #post(endpoint: string, path: string, body: object): Promise<HttpAnswer> {
    const request = this.#request(endpoint, path, body);
    return await send(request, { within: this.#config.timeout, ...this.#terms() });
  }

  #request(endpoint: string, path: string, body: object, more: object = {}): HttpRequest {
    const token = this.#token === null ? {} : { Authorization: this.#token };
    return jsonRequest("POST", below(endpoint, path), body, { ...token, ...more });
  }

  #terms(): Pick<HttpTerms, "tls" | "proxy"> {
    return { tls: this.#config, proxy: this.#config.proxy };
  }
}

/** A member without a leader then ends a stream, instead of keeping it without news: notes/etcd-watch.md. */
const LEADS = { "Grpc-Metadata-hasleader": "true" };

/** @returns unknown if etcd does not answer, or not as etcd does */
export async function guarded<T>(ask: () => Promise<T>): Promise<T | Unknown> {
  try {
    return await ask();
  } catch (error) {
    const why = v.isValiError(error) ? "sent an answer that etcd does not send" : messageOf(error);
    return { kind: "unknown", why: `${isOwn(error) ? "this host" : "the lock server"} ${why}` };
  }
}

/** A signal that aborts after so many seconds, unless the other one has by then. */
function unlessBegun(seconds: number, begun: AbortSignal): AbortSignal {
  const late = new AbortController();
  const wait = async (): Promise<void> => {
    await pause(seconds * 1000, begun);
    if (!begun.aborted) late.abort();
  };
  void wait();
  return late.signal;
}

function isOwn(error: unknown): boolean {
  return error instanceof Error && [error, error.cause].some((one) => one instanceof UnreadFile);
}

/** The problem with the files that each request needs; null if they can be read. */
export function unreadFileOf(config: EtcdLockConfig): UnreadFile | null {
  try {
    if (config.username !== null && config.passwordFile !== null) readPassword(config.passwordFile);
    return unreadTlsOf(config);
  } catch (error) {
    if (error instanceof UnreadFile) return error;
    throw error;
  }
}

function readPassword(file: string): string {
  return reading("the password", () => readText(file).replace(/\r?\n$/, ""));
}

/** Etcd, or a proxy before it, does not let this host do what it has asked for: nothing was done. */
export class Denied extends Error {}

const FORBIDDEN = 403;

/** @throws Error with the name of the member, and what it said */
export function read(endpoint: string, { status, text }: HttpAnswer): unknown {
  const value = jsonIn(text);
  if (status === 200 && value !== null) return value;
  const said = v.safeParse(failure, value);
  const words = said.success
    ? quoted(said.output.message)
    : `status ${status}, not an answer of etcd`;
  const why = `${new URL(endpoint).host}: ${words}`;
  throw status === FORBIDDEN ? new Denied(why) : new Error(why);
}
