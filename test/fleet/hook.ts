import { createServer, request } from "node:http";

const CHANGES = /"request_(?:put|delete_range)"/;

export type Hook = (forward: () => Promise<void>) => Promise<"cut" | "cut for good" | void>;

/** A proxy before a member that lets something happen at the first transaction that changes something. */
export async function withHook(
  address: string,
  hook: Hook,
): Promise<AsyncDisposable & { url: string }> {
  let isFirst = true;
  let isDead = false;
  const server = createServer((asked, answer) => {
    const pieces: Buffer[] = [];
    asked.on("data", (piece: Buffer) => pieces.push(piece));
    asked.on("end", () => {
      const body = Buffer.concat(pieces);
      const forward = async (): Promise<{ status: number; text: string }> =>
        await pass(`${address}${asked.url}`, body);
      const isHooked = isFirst && asked.url === "/v3/kv/txn" && CHANGES.test(body.toString());
      if (isHooked) isFirst = false;
      void (async () => {
        if (isDead) return void asked.socket.destroy();
        const done = isHooked ? await hook(async () => void (await forward())) : undefined;
        isDead = done === "cut for good";
        if (done !== undefined) return void asked.socket.destroy();
        const { status, text } = await forward();
        answer.writeHead(status).end(text);
      })().catch(() => asked.socket.destroy());
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const bound = server.address();
  const port = typeof bound === "object" && bound !== null ? bound.port : 0;
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { url: `http://127.0.0.1:${port}`, [Symbol.asyncDispose]: close };
}

async function pass(url: string, body: Buffer): Promise<{ status: number; text: string }> {
  return await new Promise((resolve, reject) => {
    const asked = request(url, { method: "POST", agent: false }, (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (piece: string) => (text += piece));
      answer.on("end", () => {
        resolve({ status: answer.statusCode ?? 0, text });
      });
    });
    asked.on("error", reject).end(body);
  });
}
