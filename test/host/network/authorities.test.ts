import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { once } from "node:events";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { portOf } from "../../report/server.ts";
import { Folder } from "../../support/folder.ts";
import { type Certificate, certificateFor } from "./certificates.ts";
import { ProxyServer } from "./proxy-server.ts";

const NAME = "never.invalid";
const BUNDLE = "/etc/ssl/certs/ca-certificates.crt";
const ASK = join(import.meta.dirname, "ask.ts");

const filesOf = ({ key, cert }: Certificate) => ({
  key: readFileSync(key),
  cert: readFileSync(cert),
});

/** What a server answers to a process for which the system's bundle is this file. */
async function answerWith(bundle: string, ...words: readonly string[]): Promise<string> {
  const script = `mount --bind "$1" ${BUNDLE} && shift && exec "$@"`;
  const call = ["--mount", "sh", "-c", script, "sh", bundle, process.execPath, ASK, ...words];
  // Without NODE_EXTRA_CA_CERTS, which would add the bundle to Node's own list.
  const env = { PATH: process.env["PATH"] };
  return (await promisify(execFile)("unshare", call, { env })).stdout;
}

// To put another file in the place of the bundle needs root, as the tests with hosts do.
const skip = process.getuid?.() === 0 ? false : "only root can mount";

test(
  "authorities of security.pki: a server and a proxy are trusted by them",
  { skip },
  async () => {
    using folder = new Folder();
    const [own, ofProxy] = [
      certificateFor(folder, "server", `DNS:${NAME},IP:127.0.0.1`),
      certificateFor(folder, "proxy"),
    ];
    const bundle = folder.write(
      "bundle.crt",
      [own, ofProxy].map(({ cert }) => readFileSync(cert, "utf8")).join(""),
    );
    const plain = createServer((_request, response) => response.end("plain"));
    const secure = createSecureServer(filesOf(own), (_request, response) => response.end("secure"));
    for (const server of [plain, secure]) await once(server.listen(0, "127.0.0.1"), "listening");
    const [toPlain, toSecure] = [portOf(plain.address()), portOf(secure.address())];
    try {
      const there = `https://127.0.0.1:${toSecure}/`;
      assert.equal(await answerWith(bundle, there), "secure", "asked directly");
      await assert.rejects(answerWith(ofProxy.cert, there), /self-signed certificate/);
      await using plainly = await ProxyServer.listen(toPlain, filesOf(ofProxy));
      await using securely = await ProxyServer.listen(toSecure, filesOf(ofProxy));
      assert.equal(await answerWith(bundle, `http://${NAME}/`, plainly.url), "plain");
      assert.equal(await answerWith(bundle, `https://${NAME}/`, securely.url), "secure");
      assert.deepEqual(securely.asked, [`CONNECT ${NAME}:443`]);
      const untrusted = answerWith(own.cert, `http://${NAME}/`, plainly.url);
      await assert.rejects(untrusted, /through the proxy .*self-signed certificate/);
    } finally {
      for (const server of [plain, secure]) {
        server.closeAllConnections();
        server.close();
      }
    }
  },
);
