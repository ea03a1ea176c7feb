import { BlockList, isIP } from "node:net";
import * as v from "valibot";
import { DEFAULT_CONFIG } from "./defaults.ts";
import { type Frozen, someText, webAddress } from "./schema-parts.ts";

const { proxy } = DEFAULT_CONFIG;

/** The proxies of reports and of the fleet lock. */
export const proxySchema = v.strictObject({
  /** For servers whose address begins with `http://`; null for none. */
  http: v.optional(v.nullable(webAddress), proxy.http),
  /** For servers whose address begins with `https://`; null for none. */
  https: v.optional(v.nullable(webAddress), proxy.https),
  /** Servers that are asked directly, as in `no_proxy`. */
  except: v.optional(v.array(someText), [...proxy.except]),
});

export type ProxyConfig = Frozen<v.InferOutput<typeof proxySchema>>;

/** The proxy through which a server is asked; null if it is asked directly. */
export function proxyFor(url: URL, { http, https, except }: ProxyConfig): string | null {
  const host = plainName(url.hostname);
  if (isThisHost(host)) return null;
  const isSecure = url.protocol === "https:";
  const port = url.port === "" ? (isSecure ? "443" : "80") : url.port;
  const isExcepted = except.some((entry) => matches(entry.trim(), host, port));
  return isExcepted ? null : isSecure ? https : http;
}

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet("127.0.0.0", 8);
LOOPBACK.addAddress("::1", "ipv6");

/** A proxy on another host would ask itself. */
function isThisHost(host: string): boolean {
  return host === "localhost" || host.endsWith(".localhost") || contains(LOOPBACK, host);
}

/** The name or address in lower case, without brackets and the dot that ends a full name. */
function plainName(text: string): string {
  return text
    .replace(/^\[(.*)\]$/, "$1")
    .replace(/\.$/, "")
    .toLowerCase();
}

/** As most programs read `no_proxy`: a name stands for the names below it too. */
function matches(entry: string, host: string, port: string): boolean {
  if (entry === "*") return true;
  const [network = "", bits = ""] = entry.split("/");
  const address = plainName(network);
  if (isIP(address) !== 0) return isIP(host) !== 0 && contains(networkOf(address, bits), host);
  const [, before = entry, ofPort = port] = /^(.*[^:]):(\d+)$/.exec(entry) ?? [];
  const name = plainName(before).replace(/^\*?\./, "");
  if (name === "" || ofPort !== port) return false;
  return host === name || host.endsWith(`.${name}`);
}

function networkOf(network: string, bits: string): BlockList {
  const list = new BlockList();
  const family = isIP(network) === 6 ? "ipv6" : "ipv4";
  const most = family === "ipv6" ? 128 : 32;
  if (bits === "") list.addAddress(network, family);
  else if (/^\d+$/.test(bits) && Number(bits) <= most) {
    list.addSubnet(network, Number(bits), family);
  }
  return list;
}

function contains(list: BlockList, host: string): boolean {
  return isIP(host) !== 0 && list.check(host, isIP(host) === 6 ? "ipv6" : "ipv4");
}
