import type { Host, Job } from "../test-host/host.ts";
import type { Timeline } from "./timeline.ts";
import type { Watch } from "./watch.ts";

/** Runs a deploy as a job of the host's own runner, until the job is over. */
export async function deploy(
  host: Host,
  timeline: Timeline,
  watch: Watch,
  script: string,
): Promise<Job> {
  timeline.event("job", "queued on the host that it deploys");
  timeline.quote(script);
  const id = await host.queueJob(script);
  watch.job(id);
  const job = await host.jobEnded(id);
  watch.look();
  timeline.event("job", "its output was:");
  timeline.quote(job.output);
  return job;
}

/** The name of a toplevel without its store path's hash. */
export function nameOf(toplevel: string): string {
  return toplevel.replace(/^\/nix\/store\/\w+-/, "");
}
