import { Stage } from "../demo/stage.ts";
import type { Host } from "../test-host/host.ts";
import { Shell } from "./shell.ts";
import { baseline, furnish } from "./web1.ts";

/** What is there and what to type, on standard error: standard output is the shell's. */
const welcome = `web1 is up. It runs an old system; a new one is deployed as its boot default.
  deploy-finalize explain   what would happen, and why
  deploy-finalize           hand it over; deploy-finalize wait follows it
  deploy-finalize status    what happened
  new-deploy [--kernel]     make another deploy, with a new kernel if you like
  exit                      throw web1 away
`;

let shell: Shell | undefined;
const stage = new Stage({ name: "try", note: say, close: () => shell?.end() });
process.on("SIGWINCH", () => shell?.resized());
await stage.run(async () => {
  say("booting web1");
  const host = await stage.boot({ baseline, name: process.env["TRY_HOST"] ?? "try" });
  await furnish(host);
  say(welcome);
  const exitCode = await shells(host);
  // What somebody typed last is no failure of what he looked at.
  process.exitCode = process.stdin.isTTY ? 0 : exitCode;
});

/** One shell after the other, as each reboot of the host ends one. Returns the last one's exit code. */
async function shells(host: Host): Promise<number> {
  for (;;) {
    const { bootId } = await host.facts();
    shell = new Shell(host, bootId);
    const end = await shell.ended;
    if (end !== "shutdown") return end;
    say("\nweb1 goes down, and the shell with it");
    await host.rebooted(bootId);
    say("web1 is up again, and this is a new shell on it");
  }
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}
