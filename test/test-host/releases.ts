import { spawn } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { hostAvailable, RELEASES, type Release } from "./available.ts";
import { Host } from "./host.ts";
import { repository } from "./paths.ts";
import { minutes, table, type Result } from "./releases-table.ts";

/** `make check-systemd`: every test that boots hosts, on hosts of each release, and a table. */

const availability = hostAvailable();
if (!availability.available) {
  console.error(`check-systemd: needs a test host, and none can boot here: ${availability.reason}`);
  process.exit(1);
}

/** The tests that boot hosts themselves or through a file beside them. */
const BOOTS = /test-host\/(host-test|host)\.ts"|"\.\/(host-test|host|chaos|racing|play)\.ts"/;
const files = globSync("test/**/*.test.ts", { cwd: repository })
  .filter((file) => BOOTS.test(readFileSync(join(repository, file), "utf8")))
  .toSorted();

const results: Result[] = [];
for (const release of wanted()) {
  console.log(`=== ${release}`);
  process.env["DEBIAN"] = release;
  const versions = await versionsOf();
  const began = performance.now();
  const counts = await runTests();
  const took = minutes((performance.now() - began) / 1000);
  results.push({ release, ...versions, ...counts, took });
}
console.log("");
for (const line of table(results)) console.log(line);
if (results.some(({ failed }) => failed !== 0)) process.exitCode = 1;

function wanted(): readonly Release[] {
  const only = process.env["DEBIAN"];
  return RELEASES.filter((release) => only === undefined || only === release);
}

function numberIn(text: string): string {
  return /\d[\d.]*/.exec(text)?.[0] ?? "?";
}

async function versionsOf(): Promise<{ systemd: string; nix: string }> {
  await using host = await Host.boot({ name: "versions" });
  return {
    systemd: numberIn(await host.ok(["systemctl", "--version"])),
    nix: numberIn(await host.ok(["nix", "--version"])),
  };
}

/** Runs them and passes their output on; the last line has the numbers. */
async function runTests(): Promise<{ passed: number; failed: number; skipped: number }> {
  const child = spawn("sh", ["scripts/test", ...files], {
    cwd: repository,
    stdio: ["ignore", "pipe", "inherit"],
  });
  let end = "";
  child.stdout.on("data", (chunk: Buffer) => {
    process.stdout.write(chunk);
    end = (end + chunk.toString()).slice(-200);
  });
  await new Promise((resolve) => child.on("close", resolve));
  const [, passed = "0", failed = "1", skipped = "0"] =
    /(\d+) passed, (\d+) failed(?:, (\d+) skipped)?\s*$/.exec(end) ?? [];
  return { passed: Number(passed), failed: Number(failed), skipped: Number(skipped) };
}
