import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import { test } from "node:test";
import { send } from "../../src/report/http.ts";
import { Folder } from "../support/folder.ts";
import { portOf } from "./server.ts";

/** A certificate for loopback that no authority of the system has signed. */
function selfSigned(folder: Folder): { readonly key: string; readonly cert: string } {
  const [key, cert] = [folder.at("key.pem"), folder.at("cert.pem")];
  const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"];
  const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const files = ["-keyout", key, "-out", cert];
  execFileSync("openssl", ["req", "-x509", ...kind, ...files, "-days", "2", ...subject], {
    stdio: "pipe",
  });
  return { key, cert };
}

test("a private authority is trusted by caFile, and nobody else's server is", async () => {
  using folder = new Folder();
  const { key, cert } = selfSigned(folder);
  const options = { key: readFileSync(key), cert: readFileSync(cert) };
  const server = createServer(options, (_request, response) => response.end("hello"));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const port = portOf(server.address());
  const request = { url: `https://127.0.0.1:${port}/`, headers: {}, body: null };
  const ask = async (caFile: string | null) =>
    await send({ method: "GET", ...request }, caFile, AbortSignal.timeout(5_000));
  try {
    assert.equal((await ask(cert)).text, "hello");
    await assert.rejects(ask(null), /self-signed certificate/);
    await assert.rejects(ask(folder.at("absent.pem")), /absent\.pem/);
  } finally {
    server.close();
  }
});
