import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createServer } from "node:https";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fleetLockServer } from "../../src/fleet/fleetlock.ts";
import { certificateFor } from "../host/network/certificates.ts";
import { Folder } from "../support/folder.ts";
import { claimOf, fleetLockConfig } from "./configs.ts";

const openssl = spawnSync("openssl", ["version"]).error === undefined;

test(
  "TLS: the server is verified, and the client shows its certificate",
  { skip: openssl ? false : "no openssl" },
  async () => {
    using folder = new Folder();
    const [server, client] = ["server", "client"].map((name) => certificateFor(folder, name));
    assert.ok(server !== undefined && client !== undefined);
    const listening = createServer(
      {
        cert: readFileSync(server.cert),
        key: readFileSync(server.key),
        ca: readFileSync(client.cert),
        requestCert: true,
      },
      (_request, response) => response.writeHead(200).end(),
    );
    await new Promise<void>((resolve) => listening.listen(0, "127.0.0.1", resolve));
    const bound = listening.address();
    const url = `https://127.0.0.1:${typeof bound === "object" ? bound?.port : 0}`;
    const take = async (files: object) =>
      await fleetLockServer(fleetLockConfig(url, files)).take(claimOf("a1"));
    const all = { caFile: server.cert, certFile: client.cert, keyFile: client.key };
    try {
      assert.equal((await take(all)).kind, "held");
      const stranger = await take({ ...all, caFile: null });
      assert.ok(stranger.kind === "unknown");
      assert.match(stranger.why, /self-signed certificate/);
      assert.equal((await take({ caFile: server.cert })).kind, "unknown");
      const missing = await take({ ...all, keyFile: folder.at("none") });
      assert.ok(missing.kind === "unknown");
      assert.match(missing.why, /ENOENT.*none/);
    } finally {
      listening.closeAllConnections();
      listening.close();
    }
  },
);
