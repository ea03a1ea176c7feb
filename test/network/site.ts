import { createServer, type RequestListener, type Server } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { portOf } from "../report/server.ts";
import { Folder } from "../support/folder.ts";
import { Authority } from "./authority.ts";
import { Line } from "./line.ts";

/** The name of the server, which only the tests know. */
export const NAME = "server.test";

const NOW = new Date().getUTCFullYear();
const IS_VALID = [NOW - 1, NOW + 2] as const;

/** A forge, a FleetLock server and an etcd in one, with and without TLS, behind a line. */
export class Site implements AsyncDisposable {
  readonly folder: Folder;
  /** The certificate of the authority that this host trusts. */
  readonly caFile: string;
  readonly line: Line;
  /** Ports: of a server with a right certificate, and with others. */
  readonly secure: Readonly<Record<"good" | "stranger" | "expired" | "future", number>>;
  /** Paths that were asked for. */
  readonly asked: string[];
  readonly #servers: readonly Server[];
  readonly #pace: { ms: number };

  private constructor(made: Made, line: Line) {
    this.caFile = made.caFile;
    this.folder = made.folder;
    this.secure = made.secure;
    this.asked = made.asked;
    this.#servers = made.servers;
    this.#pace = made.pace;
    this.line = line;
  }

  static async build(): Promise<Site> {
    const made = await make();
    return new Site(made, await Line.to(made.plain));
  }

  /** Slowly: long after every limit of the tests. */
  answerSlowly = (how: "slowly" | "at once"): void => {
    this.#pace.ms = how === "slowly" ? 3_000 : 0;
  };

  async [Symbol.asyncDispose](): Promise<void> {
    await this.line[Symbol.asyncDispose]();
    for (const server of this.#servers) {
      server.closeAllConnections();
      server.close();
    }
    this.folder[Symbol.dispose]();
  }
}

interface Made {
  readonly folder: Folder;
  readonly caFile: string;
  readonly plain: number;
  readonly secure: Site["secure"];
  readonly servers: readonly Server[];
  readonly asked: string[];
  readonly pace: { ms: number };
}

async function make(): Promise<Made> {
  const folder = new Folder();
  const authority = new Authority(folder, "authority");
  const stranger = new Authority(folder, "stranger");
  const asked: string[] = [];
  const pace = { ms: 0 };
  const listener = answering(asked, pace);
  const here = "IP:127.0.0.1";
  const pairs = {
    good: authority.sign("good", `${here},DNS:${NAME}`, IS_VALID),
    stranger: stranger.sign("stranger", here, IS_VALID),
    expired: authority.sign("expired", here, [NOW - 3, NOW - 1]),
    future: authority.sign("future", here, [NOW + 1, NOW + 2]),
  };
  const plain = createServer(listener);
  const secured = Object.values(pairs).map((pair) => createSecureServer(pair, listener));
  const servers = [plain, ...secured];
  for (const server of servers) await once(server.listen(0, "127.0.0.1"), "listening");
  const [first = 0, good = 0, strange = 0, expired = 0, future = 0] = servers.map((server) =>
    portOf(server.address()),
  );
  const secure = { good, stranger: strange, expired, future };
  return { folder, caFile: authority.certificate, plain: first, secure, servers, asked, pace };
}

const HEADER = { header: { cluster_id: "1", member_id: "1", revision: "1" } };

/** Each as its API documents a success. */
function answering(asked: string[], pace: { readonly ms: number }): RequestListener {
  return (request, response) => {
    const path = request.url ?? "";
    asked.push(path);
    request.resume().on("end", () => {
      void sleep(pace.ms, undefined, { ref: false }).then(() => {
        const isStatus = path.includes("/statuses/");
        const body = path.endsWith("/v3/kv/txn") ? { ...HEADER, succeeded: true } : HEADER;
        response.writeHead(isStatus ? 201 : 200, { "Content-Type": "application/json" });
        return response.end(JSON.stringify(isStatus ? { id: 1, status: "success" } : body));
      });
    });
  };
}
