import type { Host, Job } from "../host/host.ts";
import type { Timeline } from "./timeline.ts";
import { Watch } from "./watch.ts";

/** Queues a deploy on the host's own runner and waits for the job's end, all changes told. */
export async function deploy(
  host: Host,
  timeline: Timeline,
  script: string,
): Promise<{ job: Job; watch: Watch }> {
  const watch = new Watch(host, timeline);
  const steps = script.trim().split("\n").slice(1);
  timeline.event("job", "queued on the runner of the host it deploys:");
  for (const step of steps) timeline.quote(`$ ${step}`);
  const id = await host.queueJob(script);
  watch.job(id);
  watch.start();
  return { job: await host.jobEnded(id), watch };
}

/** The name of a toplevel without its store path's hash. */
export function nameOf(toplevel: string): string {
  return toplevel.replace(/^\/nix\/store\/\w+-/, "");
}
