import assert from "node:assert/strict";
import { hostTest } from "../test-host/host-test.ts";
import { ended, path, schedule, systemSpec } from "./deploying.ts";

/** What a process of the unit does to itself, each as often as a file has lines. */
const DEATHS = {
  "a SIGTERM comes before it listens": `process.kill(process.pid, "SIGTERM");
    await new Promise((resolve) => setTimeout(resolve, 60_000));`,
  "an exception that nobody catches": `setTimeout(() => { throw new Error("nobody catches this"); }, 200);`,
  "there is no memory left": `setTimeout(() => process.abort(), 200);`,
} as const;

const once = (act: string): string => `
import { readFileSync, writeFileSync } from "node:fs";
const left = readFileSync("/root/deaths", "utf8").split("\\n").filter((line) => line !== "");
if (process.argv.includes("run") && left.length > 0) {
  writeFileSync("/root/deaths", left.slice(1).join("\\n"));
  ${act}
}
`;

for (const [name, act] of Object.entries(DEATHS)) {
  hostTest(
    `${name}: systemd starts it again, and it goes on`,
    { baseline: systemSpec() },
    async (host) => {
      await host.write("/root/death.mjs", once(act));
      await host.write("/root/deaths", "1\n2\n");
      await host.ok(["systemctl", "set-environment", "NODE_OPTIONS=--import=/root/death.mjs"]);
      const target = await host.buildToplevel(systemSpec({ label: "target" }));
      const record = await ended(host, await schedule(host, target, "--delay", "0"), 60_000);
      assert.equal(record.state, "live", path(record));
      assert.equal(await host.read("/root/deaths"), "");
      // The process cleans up after it has recorded the end.
      const tries = "ls /var/lib/deploy-finalize | grep tries || true";
      await host.until("no tries are left", async () => (await host.shell(tries)) === "");
    },
  );
}

hostTest(
  "a process that dies in each try for a day has failed",
  { baseline: systemSpec() },
  async (host) => {
    const target = await host.buildToplevel(systemSpec({ label: "target" }));
    const id = await schedule(host, target, "--delay", "1h");
    // As a day of tries leaves it.
    const [bootId, uptime] = (
      await host.shell("cat /proc/sys/kernel/random/boot_id /proc/uptime")
    ).split(/\s+/);
    const [up, start] = [
      Number(uptime),
      Number(await host.shell("cut -d' ' -f22 /proc/1/stat")) / 100,
    ];
    const row = { bootId, since: up - start - 86_500, at: up - start, tries: 1500 };
    await host.write(`/var/lib/deploy-finalize/${id}.tries`, JSON.stringify(row));
    await host.ok(["systemctl", "start", "--no-block", `deploy-finalize-${id}.service`]);
    const record = await ended(host, id, 60_000);
    assert.match(
      record.outcome?.reason ?? "",
      /could not continue: its process has died 1500 times/,
    );
    await host.until("its unit is not started again", async () => {
      const { stdout } = await host.run([
        "systemctl",
        "is-active",
        `deploy-finalize-${id}.service`,
      ]);
      return stdout.trim() !== "active" && stdout.trim() !== "activating";
    });
  },
);
