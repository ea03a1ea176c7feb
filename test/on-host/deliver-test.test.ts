import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { hostTest } from "../test-host/host-test.ts";
import { LockServer } from "../fleet/stand-in.ts";
import { COMMIT } from "../report/reports.ts";
import { StandInServer } from "../report/server.ts";
import { PROGRAM } from "./deploying.ts";
import { Cable } from "./network.ts";

const DOCUMENT = readFileSync(join(import.meta.dirname, "../../docs/reports.md"), "utf8");

// docs/reports.md shows what this prints.
hostTest("deliver --test: three receivers, of which one is wrong", {}, async (host) => {
  await using cable = new Cable(host);
  await using forge = await StandInServer.listen("0.0.0.0");
  await using ntfy = await StandInServer.listen("0.0.0.0");
  await using slots = await new LockServer().listen(0, "0.0.0.0");
  ntfy.answers = [() => ({ status: 403, body: { code: 40301, http: 403, error: "forbidden" } })];
  await cable.plug();
  const at = (port: string | number): string => `http://${cable.here}:${port}`;
  const tokenFile = "/run/secrets/ntfy";
  await host.shell("install -d -m 700 /run/secrets");
  await host.write(tokenFile, "planted-token-4711\n");
  await host.shell(`chmod 600 ${tokenFile}`);
  const gitea = { kind: "gitea", repository: "infra/hosts", tokenFile, url: at(forge.port) };
  const ntfyOne = { kind: "ntfy", url: `${at(ntfy.port)}/deploys`, tokenFile };
  const command = { kind: "command", command: ["/bin/sh", "-c", "cat > /root/told"] };
  const receivers = [gitea, ntfyOne, command];
  const lock = { backend: "fleetlock", url: at(new URL(slots.url).port) };
  await host.write("/root/config.json", JSON.stringify({ report: { receivers }, lock }));
  const call = [...PROGRAM, "deliver", "--test", "--revision", COMMIT, "--config"];
  const said = await host.run([...call, "/root/config.json"]);
  assert.equal(said.exitCode, 1, said.stderr);
  const [, shown] = /^# deploy-finalize deliver --test\n(.*?)^```/ms.exec(DOCUMENT) ?? [];
  assert.equal(said.stdout, shown);
  assert.match(await host.shell("cat /root/told"), /"test":true/);
  assert.equal(slots.holders.size, 0);
});
