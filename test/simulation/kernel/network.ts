import { currentRun } from "./run.ts";
import type { Process } from "./process.ts";

export interface NetworkHost {
  readonly send: (process: Process, handle: number, request: Request, withinMs: number) => void;
}

interface Request {
  readonly url: string;
  readonly body: string | null;
}

interface Answer {
  readonly status: number;
  readonly headers: object;
  readonly text: string;
}

/** In place of the function of the program that sends HTTP requests. */
export function sendOn(
  host: () => NetworkHost,
): (request: Request, terms: { readonly within: number | AbortSignal }) => Promise<Answer> {
  return async (request, { within }) =>
    await new Promise((resolve, reject) => {
      const run = currentRun();
      const handle = run.handle((happening) => {
        run.forget(handle);
        if (happening.kind === "answered") {
          resolve({ status: happening.status, headers: {}, text: "" });
        } else reject(new Error("gave no answer"));
      });
      const withinMs = typeof within === "number" ? within * 1000 : 10_000;
      run.call("send", request.url, () => {
        host().send(run.process, handle, request, withinMs);
      });
    });
}
