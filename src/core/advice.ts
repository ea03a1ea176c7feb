/** What shows a server who asks. */
export type Key =
  /** In words: `The token in /run/secrets/token`. */
  | { readonly kind: "known"; readonly words: string }
  /** The setting that would name one. */
  | { readonly kind: "missing"; readonly setting: string };

/** Where a person looks for the cause of a failure. */
export interface Places {
  /** The address, or the file that holds it. */
  readonly address: string;
  /** What shows the server who asks. */
  readonly key: Key;
  /** What the token must be allowed to do. */
  readonly right: string;
  /** What may be missing at the server. */
  readonly target: string;
  /** The setting of the certificates to trust. */
  readonly caFile: string;
}

/** What to do about a failure, for the person who set it up; null if the words of the failure say it. */
export function adviceFor(why: string, places: Places): string | null {
  const status = /\b(?:answered|status) (\d{3})\b/.exec(why)?.[1];
  if (status !== undefined) return forStatus(Number(status), places);
  const proxy = why.indexOf("through the proxy ");
  if (proxy !== -1 && AT_THE_PROXY.test(why.slice(proxy))) {
    return "Check the proxy: proxy.http, proxy.https, and proxy.except for servers that need none.";
  }
  const row = BY_WORDS.find(([words]) => words.test(why));
  return row === undefined ? null : row[1](places);
}

function forStatus(status: number, places: Places): string | null {
  const { address, target } = places;
  switch (status) {
    case 401:
      return forStranger(places);
    case 403:
      return forForbidden(places);
    case 404:
      return `Check ${target}, ${address}, and whether this host may see it.`;
    case 407:
      return "The proxy wants a password: set it in proxy.http or proxy.https.";
    case 413:
    case 400:
      return `Check that ${address} is the address of this kind of server.`;
    case 422:
      return `Check that ${target} is there: the server does not know it.`;
    case 429:
      return "The server has too many requests from here: wait, and test again.";
    default:
      if (status < 300)
        return `Something else answers at ${address}, such as a proxy or a login page.`;
      if (status < 400) return `Set ${address} to the address to which it redirects.`;
      return status < 500
        ? null
        : `The server has a fault, or a proxy cannot reach it: ${address}.`;
  }
}

type Row = readonly [words: RegExp, advice: (places: Places) => string];

function forStranger({ key, right }: Pick<Places, "key" | "right">): string {
  if (key.kind === "missing")
    return `Set ${key.setting}: the server must see that this host may ${right}.`;
  return `${key.words} is wrong or has expired: make a new one that may ${right}.`;
}

function forForbidden({ key, right }: Places): string {
  if (key.kind === "missing") return forStranger({ key, right });
  return `${key.words} is not allowed to do this: it must be able to ${right}.`;
}

const AT_THE_PROXY = /ECONNREFUSED|ENOTFOUND|EAI_AGAIN|tunnel|no answer/;

const BY_WORDS: readonly Row[] = [
  [
    /ENOTFOUND|EAI_AGAIN|EAI_NODATA/,
    ({ address }) =>
      `No address is known for the name: check ${address} and the name servers of this host.`,
  ],
  [
    /ECONNREFUSED/,
    ({ address }) => `Nothing listens there: check the port in ${address}, and the server.`,
  ],
  [
    /EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|no answer|did not end in time/,
    ({ address }) =>
      `Nothing answers in time: check firewalls, routes and proxy.https on the way to ${address}.`,
  ],
  [/CERT_HAS_EXPIRED/, () => "The certificate of the server has expired: renew it."],
  [/CERT_NOT_YET_VALID/, () => "The certificate is for later: check the clock of this host."],
  [/ALTNAME/, ({ address }) => `The certificate is for another name: use that name in ${address}.`],
  [
    /SELF_SIGNED|self-signed|UNABLE_TO_(GET|VERIFY)|unable to (get|verify)/,
    ({ caFile }) =>
      `This host does not trust the certificate: add its authority to security.pki.certificates, or set ${caFile}.`,
  ],
  [
    /wrong version number|EPROTO|socket hang up|ECONNRESET/,
    ({ address }) =>
      `The server ends the connection: check http:// or https://, and the port, in ${address}.`,
  ],
  // The words of etcd, which has no numbers for its users.
  [/permission denied/, forForbidden],
  [/authentication failed|user name is empty|invalid auth token/, forStranger],
  [
    /authentication is not enabled/,
    () => "This etcd knows no users: remove lock.username and lock.passwordFile.",
  ],
  [
    /an answer that etcd does not send/,
    ({ address }) => `Something else answers at ${address}, such as a proxy or a login page.`,
  ],
  [/no commit to report on/, () => "Then no deploy gets a status on this forge."],
  [/does not exist/, () => "Put the secret there; it must be there after a boot too."],
];
