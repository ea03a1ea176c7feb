import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { die } from "./say.ts";

/**
 * Dies half-way if the toplevel says so: `stand-in/switch-fault` holds the step, and `always` or the
 * number of times. The count is kept for each toplevel until a reboot.
 */
export function faultAfter(toplevel: string, step: "stop" | "activation" | "daemon-reload"): void {
  const [at, times] = read(`${toplevel}/stand-in/switch-fault`).split(" ");
  if (at !== step) return;
  const folder = "/run/stand-in";
  const counter = `${folder}/${basename(toplevel)}.faults`;
  const before = Number(read(counter));
  if (times !== "always" && before >= Number(times)) return;
  mkdirSync(folder, { recursive: true });
  writeFileSync(counter, String(before + 1));
  die("no reply from the message bus");
}

function read(path: string): string {
  return existsSync(path) ? readFileSync(path, "utf8") : "";
}
