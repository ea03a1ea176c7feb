import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import { test } from "node:test";
import { type HttpRequest, type HttpTerms, send } from "../../../src/host/network/http.ts";
import { portOf, StandInServer } from "../../report/server.ts";
import { Folder } from "../../support/folder.ts";
import { certificateFor } from "./certificates.ts";

const SECRET = "planted-secret-4711";

async function get(url: string, terms: HttpTerms = { within: 60 }) {
  return await send({ method: "GET", url, headers: {}, body: null }, terms);
}

test("http: a private authority is trusted by caFile, and nobody else's server is", async () => {
  using folder = new Folder();
  const { key, cert } = certificateFor(folder, "server");
  const options = { key: readFileSync(key), cert: readFileSync(cert) };
  const server = createServer(options, (_request, response) => response.end("hello"));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const ask = async (caFile: string | null) =>
    await get(`https://127.0.0.1:${portOf(server.address())}/`, { within: 60, tls: { caFile } });
  try {
    assert.equal((await ask(cert)).text, "hello");
    await assert.rejects(ask(null), /self-signed certificate/);
    await assert.rejects(ask(folder.at("absent.pem")), /absent\.pem/);
  } finally {
    server.close();
  }
});

test("http: a redirect is an answer, and whom it names gets nothing", async () => {
  await using forge = await StandInServer.listen();
  await using stranger = await StandInServer.listen();
  forge.answers = [() => ({ status: 307, headers: { Location: stranger.url } })];
  const headers = { Authorization: SECRET };
  const request: HttpRequest = { method: "POST", url: forge.url, headers, body: "{}" };
  assert.equal((await send(request, { within: 60 })).status, 307);
  assert.deepEqual([forge.received.length, stranger.received.length], [1, 0]);
});

test("http: an answer that does not end is cut, and its connection closed", async () => {
  await using server = await StandInServer.listen();
  server.answers = [() => "floods"];
  const { status, text } = await get(server.url);
  assert.equal(status, 200);
  assert.ok(text.length > 0 && /^x+$/.test(text));
  await server.isAlone();
});

test("http: an answer that is cut off is none", async () => {
  await using server = await StandInServer.listen();
  server.answers = [() => "hangs-up-in-between"];
  await assert.rejects(get(server.url), /^Error: 127\.0\.0\.1:\d+: aborted \(ECONNRESET\)/);
});

test("http: a time limit need not be whole milliseconds, and may be longer than a timer", async () => {
  await using server = await StandInServer.listen();
  server.answers = [({ path }) => (path === "/late" ? "hang" : { status: 204 })];
  const late = `${server.url}/late`;
  await assert.rejects(get(late, { within: 0.0501 }), /: no answer within 0\.0501 s/);
  assert.equal((await get(server.url, { within: 31_536_000 })).status, 204);
});

test("http: a signal ends it", async () => {
  await using server = await StandInServer.listen();
  server.answers = [() => "hang"];
  const asked = get(server.url, { within: AbortSignal.timeout(50) });
  await assert.rejects(asked, /: no answer in time/);
});

/** What is said of a request that gets no answer. */
async function why(
  url: string,
  within = 60,
  headers: HttpRequest["headers"] = {},
): Promise<string> {
  return await send({ method: "GET", url, headers, body: null }, { within }).then(
    () => "it was answered",
    (error: unknown) => String(error),
  );
}

test("http: what went wrong tells the server, and no secret of the address or the headers", async () => {
  await using server = await StandInServer.listen();
  const place = `me:${SECRET}@127.0.0.1:${server.port}/${SECRET}?token=${SECRET}`;
  server.answers = [({ path }) => (path.endsWith("&late") ? "hang" : "hang-up")];
  const whys = [await why(`http://${place}&late`, 0.2), await why(`http://${place}`)];
  whys.push(await why(`https://${place}`));
  whys.push(await why(`http://${place}`, 60, { Authorization: `${SECRET}\n` }));
  await server[Symbol.asyncDispose]();
  whys.push(await why(`http://${place}`));
  for (const text of whys) {
    assert.match(text, /^Error: 127\.0\.0\.1:\d+: /);
    assert.ok(!text.includes(SECRET), text);
  }
  assert.match(whys[0] ?? "", /no answer within/);
  assert.match(whys[1] ?? "", /socket hang up/);
  assert.match(whys[4] ?? "", /ECONNREFUSED/);
});

test("http: of several addresses that do not answer, the first says why", async () => {
  await using server = await StandInServer.listen();
  await server[Symbol.asyncDispose]();
  await assert.rejects(get(`http://localhost:${server.port}/`), /: connect ECONNREFUSED/);
});
