import { currentRun } from "./run.ts";
import type { Process } from "./process.ts";

export interface NetworkHost {
  readonly send: (process: Process, handle: number, request: Request, withinMs: number) => void;
  /** Sends a request whose answer is a stream of lines. */
  readonly listen: (process: Process, handle: number, request: Request) => void;
  readonly killProgram: (process: Process, handle: number) => void;
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
          resolve({ status: happening.status, headers: {}, text: happening.text });
        } else reject(new Error("gave no answer"));
      });
      const withinMs = typeof within === "number" ? within * 1000 : 10_000;
      run.call("send", request.url, () => {
        host().send(run.process, handle, request, withinMs);
      });
    });
}

/** In place of the function of the program that reads the lines of an answer. */
export function sendForLinesOn(
  host: () => NetworkHost,
): (
  request: Request,
  terms: { readonly within: number | AbortSignal },
  onLine: (line: string) => "more" | "enough",
) => Promise<null> {
  return async (request, { within }, onLine) =>
    await new Promise((resolve, reject) => {
      const run = currentRun();
      const signal = typeof within === "number" ? null : within;
      const hangUp = (): void => {
        run.forget(handle);
        signal?.removeEventListener("abort", end);
        if (run.isOver) return;
        run.call("hang up", request.url, () => {
          host().killProgram(run.process, handle);
        });
      };
      const end = (): void => {
        hangUp();
        reject(new Error("gave no answer in time"));
      };
      const handle = run.handle((happening) => {
        if (happening.kind === "ended") {
          run.forget(handle);
          signal?.removeEventListener("abort", end);
          reject(new Error("the stream has ended"));
        }
        if (happening.kind !== "output") return;
        try {
          if (onLine(happening.text) === "more") return;
          hangUp();
          resolve(null);
        } catch (error) {
          hangUp();
          reject(error);
        }
      });
      if (signal?.aborted === true) {
        reject(new Error("gave no answer in time"));
        return;
      }
      signal?.addEventListener("abort", end, { once: true });
      run.call("listen", request.url, () => {
        host().listen(run.process, handle, request);
      });
    });
}
