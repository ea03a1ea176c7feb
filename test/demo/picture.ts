import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { repository } from "../test-host/paths.ts";
import { drawTerminal } from "./drawing.ts";
import { timelineOf } from "./timeline-of.ts";

/** `make picture`: docs/demo.svg, drawn from a run of the demo. */
const picture = join(repository, "docs/demo.svg");

process.stderr.write("picture: playing the demo, which takes a quarter of a minute\n");
const demo = spawn(process.execPath, [join(import.meta.dirname, "demo.ts")], {
  env: { ...process.env, FORCE_COLOR: "1" },
  stdio: ["ignore", "pipe", "inherit"],
});
let output = "";
demo.stdout.on("data", (chunk: Buffer) => {
  output += chunk.toString();
});
demo.on("close", (exitCode) => {
  if (exitCode === 0) draw();
  else process.stderr.write("picture: the demo did not come to its end: nothing is drawn\n");
  process.exitCode = exitCode ?? 1;
});

function draw(): void {
  const caption = {
    title: "make demo",
    description:
      "The demo on a terminal. A direct switch kills its job; with deploy-finalize the job ends with 0 and the new system goes live, also with a reboot.",
  };
  writeFileSync(picture, drawTerminal(timelineOf(output).join("\n"), caption));
  process.stderr.write(`picture: drew ${picture}\n`);
}
