import { createServer, type IncomingHttpHeaders, type ServerHttp2Stream } from "node:http2";
import { buffer } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import type { AgentKind, Job, Queue } from "./kind.ts";
import { bytesIn, field, numberIn } from "./protobuf.ts";

/** What an agent asks its server: rpc/proto/woodpecker.proto of Woodpecker 3. */
async function answer(
  queue: Queue,
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
): Promise<Buffer> {
  const request = (await buffer(stream)).subarray(FRAME);
  const method = String(headers[":path"]).split("/").at(-1) ?? "";
  switch (method) {
    case "Auth":
      return Buffer.concat([field(1, "ok"), field(2, 1), field(3, "token")]);
    case "Version":
      // Server and agent have to be of one version, which agents newer than 3.17 tell.
      return Buffer.concat([field(1, Number(headers["proto-version"] ?? OF_3_17)), field(2, "3")]);
    case "RegisterAgent":
      return field(1, 1);
    case "Next": {
      let job = await queue.next();
      while (job === undefined && !stream.closed) {
        await sleep(200);
        job = stream.closed ? undefined : await queue.next();
      }
      return job === undefined ? NOTHING : field(1, workflowOf(job));
    }
    case "Wait":
      // Only the server cancels a workflow, and this one does not.
      while (!stream.closed) await sleep(200);
      return NOTHING;
    case "Update": {
      const state = bytesIn(request, 2);
      const id = bytesIn(request, 1).toString();
      const isGood = numberIn(state, 5) === 0 && numberIn(state, 7) === 0;
      if (numberIn(state, 4) === 0) return NOTHING;
      steps.set(id, isGood && steps.get(id) !== "failed" ? "success" : "failed");
      await queue.arrival();
      return NOTHING;
    }
    case "Done": {
      const [id, state] = [bytesIn(request, 1).toString(), bytesIn(request, 2)];
      const isGood = bytesIn(state, 3).length === 0 && numberIn(state, 4) === 0;
      queue.ended(id, isGood ? (steps.get(id) ?? "failed") : "failed");
      return NOTHING;
    }
    default:
      return NOTHING;
  }
}

const steps = new Map<string, "success" | "failed">();
/** `Version` in rpc/proto/version.go. */
const OF_3_17 = 16;
const NOTHING = Buffer.alloc(0);
/** gRPC over HTTP/2: one byte for compression, and the length. */
const FRAME = 5;

function workflowOf({ id, script, second }: Job): Buffer {
  const environment = { CI_REPO: "a/b", CI_PIPELINE_NUMBER: id };
  const step = { type: "commands", image: "bash", environment, on_success: true, auth_config: {} };
  const pipeline = [script, second]
    .filter((one) => one !== null)
    .map((one, index) => {
      const who = { name: `step-${index}`, uuid: `${id}-${index}` };
      return { steps: [{ ...step, ...who, commands: one.split("\n") }] };
    });
  const payload = JSON.stringify({ pipeline, network: "n", volume: "v", secrets: [] });
  return Buffer.concat([field(1, id), field(2, 60), field(3, payload)]);
}

function respond(stream: ServerHttp2Stream, message: Buffer): void {
  if (stream.closed) return;
  const frame = Buffer.alloc(FRAME);
  frame.writeUInt32BE(message.length, 1);
  const type = { ":status": 200, "content-type": "application/grpc" };
  stream.respond(type, { waitForTrailers: true });
  stream.once("wantTrailers", () => {
    stream.sendTrailers({ "grpc-status": "0" });
  });
  stream.end(Buffer.concat([frame, message]));
}

async function serve(
  queue: Queue,
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
): Promise<void> {
  respond(stream, await answer(queue, stream, headers));
}

const HEALTH = "127.0.0.1:3001";

export const WOODPECKER: AgentKind = {
  name: "woodpecker-agent",
  variable: "WOODPECKER_AGENT",
  unit: "woodpecker-agent-default.service",
  drains: false,
  shows: { url: `http://${HEALTH}/varz`, metric: "running_count" },
  hasSteps: true,
  service: ({ program, home, host, port }) => [
    `Environment=WOODPECKER_SERVER=${host}:${port} WOODPECKER_AGENT_SECRET=s`,
    `Environment=WOODPECKER_BACKEND=local WOODPECKER_BACKEND_LOCAL_TEMP_DIR=${home}`,
    `Environment=WOODPECKER_AGENT_CONFIG_FILE=${home}/agent.conf WOODPECKER_HEALTHCHECK_ADDR=${HEALTH}`,
    `ExecStart=${program}`,
  ],
  etc: () => ({}),
  serve: (queue) =>
    createServer().on("stream", (stream, headers) => {
      stream.on("error", () => {});
      void serve(queue, stream, headers);
    }),
};
