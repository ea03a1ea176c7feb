import dns from "node:dns";
import type { TestContext } from "node:test";
import type { ProxyConfig } from "../../src/core/config/proxy-config.ts";
import { ProxyServer } from "../host/network/proxy-server.ts";
import { Line } from "./line.ts";
import { NAME, type Site } from "./site.ts";

/** A server as it is named in a configuration, and the way to it. */
export interface Place {
  readonly url: string;
  readonly proxy: ProxyConfig;
}

/** Something that is wrong with the network. */
export interface Fault {
  readonly place: Place;
  readonly begin: () => Promise<void>;
  readonly end: () => Promise<void>;
}

export type MakeFault = (site: Site, context: TestContext) => Promise<Fault>;

const NONE: ProxyConfig = { http: null, https: null, except: [] };

function onLine(trouble: "refused" | "reset" | "mute" | "cut"): MakeFault {
  return async ({ line }) => ({
    place: { url: `http://127.0.0.1:${line.port}`, proxy: NONE },
    begin: async () => await line.set(trouble),
    end: async () => await line.set("none"),
  });
}

/** Another server at the same place, with another certificate. */
function certificate(which: "stranger" | "expired" | "future"): MakeFault {
  return async ({ line, secure }) => {
    line.to = secure.good;
    return {
      place: { url: `https://127.0.0.1:${line.port}`, proxy: NONE },
      begin: async () => void (line.to = secure[which]),
      end: async () => void (line.to = secure.good),
    };
  };
}

type Lookup = (callback: (error: Error | null, found?: object[]) => void) => void;

/** What is known of every name. */
function lookUp(context: TestContext, answer: Lookup): void {
  context.mock.restoreAll();
  context.mock.method(dns, "lookup", (...args: unknown[]) => {
    const callback = args.at(-1);
    if (typeof callback !== "function") throw new TypeError("no callback");
    answer((error, found) => callback(error, found));
  });
}

const addresses =
  (...found: string[]): Lookup =>
  (callback) => {
    callback(
      null,
      found.map((address) => ({ address, family: address.includes(":") ? 6 : 4 })),
    );
  };

function named(begin: Lookup): MakeFault {
  return async ({ line }, context) => {
    lookUp(context, addresses("127.0.0.1"));
    return {
      place: { url: `http://${NAME}:${line.port}`, proxy: NONE },
      begin: async () => lookUp(context, begin),
      end: async () => lookUp(context, addresses("127.0.0.1")),
    };
  };
}

const notFound: Lookup = (callback) => {
  callback(Object.assign(new Error(`getaddrinfo EAI_AGAIN ${NAME}`), { code: "EAI_AGAIN" }));
};

/** A proxy on the way to each server, which itself is reached over a line. */
async function proxied(
  { line, secure }: Site,
  context: TestContext,
  scheme: "http" | "https",
): Promise<{ readonly place: Place; readonly proxy: ProxyServer; readonly way: Line }> {
  const proxy = await ProxyServer.listen(scheme === "http" ? line.port : secure.good);
  const way = await Line.to(Number(new URL(proxy.url).port));
  context.after(async () => {
    await way[Symbol.asyncDispose]();
    await proxy[Symbol.asyncDispose]();
  });
  const address = `http://127.0.0.1:${way.port}`;
  const through = { http: address, https: address, except: [] };
  return { place: { url: `${scheme}://${NAME}`, proxy: through }, proxy, way };
}

function proxyRefuses(scheme: "http" | "https"): MakeFault {
  return async (site, context) => {
    const { place, proxy } = await proxied(site, context, scheme);
    return {
      place,
      begin: async () => void (proxy.refusal = 503),
      end: async () => void (proxy.refusal = null),
    };
  };
}

function onWayToProxy(trouble: "refused" | "mute", scheme: "http" | "https"): MakeFault {
  return async (site, context) => {
    const { place, way } = await proxied(site, context, scheme);
    return {
      place,
      begin: async () => await way.set(trouble),
      end: async () => await way.set("none"),
    };
  };
}

export const FAULTS: Readonly<Record<string, MakeFault>> = {
  refused: onLine("refused"),
  reset: onLine("reset"),
  "black hole": onLine("mute"),
  slow: async ({ line, answerSlowly }) => ({
    place: { url: `http://127.0.0.1:${line.port}`, proxy: NONE },
    begin: async () => answerSlowly("slowly"),
    end: async () => answerSlowly("at once"),
  }),
  "half a body": onLine("cut"),
  "wrong certificate": certificate("stranger"),
  "expired certificate": certificate("expired"),
  "DNS fails": named(notFound),
  "DNS never answers": named(() => {}),
  // 192.0.2.0/24 is for documents, 100::/64 leads nowhere; what remains is tried in time.
  "IPv6 broken": named(addresses("100::1", "127.0.0.1")),
  // 192.0.2.0/24 is for documents: nothing answers, or the network says so at once.
  "no answer to a SYN": named(addresses("192.0.2.1")),
  "proxy refuses": proxyRefuses("http"),
  "proxy refuses a tunnel": proxyRefuses("https"),
  "proxy is down": onWayToProxy("refused", "http"),
  "proxy is mute": onWayToProxy("mute", "http"),
  "proxy of a tunnel is mute": onWayToProxy("mute", "https"),
  "clock wrong": certificate("future"),
};

/** Of these nobody notices anything. */
export const HARMLESS = new Set(["IPv6 broken"]);
