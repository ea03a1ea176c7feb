import assert from "node:assert/strict";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { nextRollout } from "../../../src/core/fleet/admission.ts";
import { encode } from "../../../src/fleet/etcd-values.ts";
import type { OperatorAct, RolloutServer } from "../../../src/fleet/rollouts/rollout-server.ts";
import { portOf } from "../../report/server.ts";
import { Folder } from "../../support/folder.ts";
import { now, selfOf, serverOf } from "./hosts.ts";

/** What comes of a transaction that changes something, after the look before it was answered. */
type Fate = "refused" | "cut" | "denied" | "garbled" | "answered";

/** An etcd with a rollout that goes on. */
async function listen(fate: Fate, changing: () => void = () => {}): Promise<Server> {
  const rollout = nextRollout(null, selfOf("web1", 0), now());
  const where = { wave: 0 };
  const answerTo = (body: string): object => {
    const isChange = body.includes("request_put");
    if (body.includes('"password"')) return { header: {}, token: "t" };
    if (isChange && fate === "denied") return { code: 7, message: "permission denied" };
    if (isChange && fate === "garbled") return { header: {}, succeeded: "yes" };
    const header = { cluster_id: "1", revision: isChange ? "8" : "7" };
    if (isChange) return { header, succeeded: true };
    const isControl = body.includes(encode("deploy-finalize/web+fleet/watched/control"));
    const value = JSON.stringify(isControl ? rollout : where);
    const kvs = [{ key: encode("k"), value: encode(value), mod_revision: "7" }];
    const responses = [{ response_range: { kvs, count: "1" } }];
    return { header, succeeded: true, responses };
  };
  const server = createServer((asked, answer) => {
    const respond = async (): Promise<void> => {
      const body = await text(asked);
      const isChange = body.includes("request_put");
      if (isChange) changing();
      if (isChange && fate === "cut") asked.socket.destroy();
      if (fate === "refused") server.close();
      if (isChange && fate === "denied") answer.statusCode = 403;
      answer.setHeader("Connection", "close");
      answer.end(JSON.stringify(answerTo(body)));
    };
    void respond();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

const ACTS: Record<string, (server: RolloutServer) => Promise<OperatorAct>> = {
  halt: async (server) => await server.halt("root", "stop"),
  forget: async (server) => await server.forget("id-web1"),
};
const ENDS = {
  refused: "nothing was changed",
  denied: "nothing was changed",
  cut: "unknown",
  garbled: "unknown",
  answered: "done",
} as const;

function inWords(act: OperatorAct): string {
  return act.kind === "unknown" && act.changed === "nothing" ? "nothing was changed" : act.kind;
}

for (const [name, act] of Object.entries(ACTS)) {
  for (const fate of ["refused", "denied", "cut", "garbled", "answered"] as const) {
    test(`${name}: if its transaction is ${fate}, it is ${ENDS[fate]}`, async () => {
      const etcd = await listen(fate);
      const server = serverOf([`http://127.0.0.1:${portOf(etcd.address())}`], { timeout: 5 });
      const acted = await act(server);
      assert.equal(inWords(acted), ENDS[fate], JSON.stringify(acted));
      etcd.closeAllConnections();
      etcd.close();
    });
  }
}

test("an operator's act that never leaves this host changes nothing", async () => {
  for (const url of ["http://127.0.0.1:9", "http://never.invalid:2379"]) {
    for (const act of Object.values(ACTS)) {
      const acted = await act(serverOf([url], { timeout: 10 }));
      assert.equal(inWords(acted), "nothing was changed", JSON.stringify(acted));
    }
  }
});

test("a change that was sent is not unsent because the password cannot be read afterwards", async () => {
  using folder = new Folder();
  const passwordFile = folder.write("password", "secret");
  const etcd = await listen("cut", () => {
    rmSync(passwordFile, { force: true });
  });
  const url = `http://127.0.0.1:${portOf(etcd.address())}`;
  const server = serverOf([url], { timeout: 5, username: "root", passwordFile });
  const acted = await server.halt("root", "stop");
  assert.equal(inWords(acted), "unknown", JSON.stringify(acted));
  etcd.closeAllConnections();
  etcd.close();
});
