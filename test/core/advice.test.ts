import assert from "node:assert/strict";
import { test } from "node:test";
import { adviceFor, type Places } from "../../src/core/advice.ts";

const PLACES: Places = {
  address: "url (https://x)",
  key: { kind: "known", words: "The token in /token" },
  right: "write",
  target: "the room",
  caFile: "caFile",
};

/** As src/host/network/http.ts says it: the server, then the cause and its code. */
const ROWS: [words: string, advice: RegExp][] = [
  ["x: no answer within 10 s", /^Nothing answers in time/],
  ["x: connect ETIMEDOUT 192.0.2.1:443", /^Nothing answers in time/],
  ["x: connect EHOSTUNREACH 192.0.2.1:443", /^Nothing answers in time/],
  ["x: connect ENETUNREACH 100::1:443", /^Nothing answers in time/],
  ["did not end in time", /^Nothing answers in time/],
  ["x: getaddrinfo EAI_AGAIN x", /^No address is known for the name: check url \(https:\/\/x\)/],
  ["x: connect ECONNREFUSED 127.0.0.1:9", /^Nothing listens there/],
  ["x: certificate has expired (CERT_HAS_EXPIRED)", /^The certificate of the server has expired/],
  ["x: certificate is not yet valid (CERT_NOT_YET_VALID)", /check the clock of this host/],
  [
    "x: Hostname/IP does not match certificate's altnames: Host: x (ERR_TLS_CERT_ALTNAME_INVALID)",
    /^The certificate is for another name: use that name in url/,
  ],
  [
    "x: self-signed certificate (DEPTH_ZERO_SELF_SIGNED_CERT)",
    /does not trust .* or set caFile\.$/,
  ],
  [
    "x: unable to get local issuer certificate (UNABLE_TO_GET_ISSUER_CERT_LOCALLY)",
    /^This host does not trust/,
  ],
  [
    "x: unable to verify the first certificate (UNABLE_TO_VERIFY_LEAF_SIGNATURE)",
    /^This host does not trust/,
  ],
  ["x: socket hang up (ECONNRESET)", /^The server ends the connection: check http:\/\/ or https/],
  ["x: write EPROTO 80:SSL routines:wrong version number", /^The server ends the connection/],
  [
    "x through the proxy p:3128: connect ECONNREFUSED 192.0.2.1:3128",
    /^Check the proxy: proxy\.http/,
  ],
  ["x through the proxy p:3128: getaddrinfo ENOTFOUND p", /^Check the proxy/],
  ["x through the proxy p:3128: no answer within 10 s", /^Check the proxy/],
  ["x through the proxy p:3128: Failed to establish tunnel to x:443 via p", /^Check the proxy/],
  [
    "x through the proxy p:3128: certificate has expired (CERT_HAS_EXPIRED)",
    /has expired: renew it/,
  ],
  ["answered 407", /^The proxy wants a password/],
];

for (const [words, advice] of ROWS) {
  test(`advice for "${words}"`, () => {
    assert.match(adviceFor(words, PLACES) ?? "none", advice);
  });
}
