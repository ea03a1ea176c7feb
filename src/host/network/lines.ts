import type { IncomingMessage } from "node:http";
import {
  type HttpAnswer,
  type HttpRequest,
  type HttpTerms,
  MOST_CHARACTERS,
  readWhole,
  sendAndRead,
} from "./http.ts";

/** Whether a reader of lines wants another one. */
export type Appetite = "more" | "enough";

/**
 * Sends a request whose answer is a stream of lines, and closes the connection when the reader has
 * enough. The limit of the terms is that of the whole stream.
 *
 * @param onLine is called with each line as it comes; what it throws ends the stream too
 * @returns null if the reader has enough; an answer with another status than 200
 * @throws Error as `send`, and if the stream ends before
 */
export async function sendForLines(
  request: HttpRequest,
  terms: HttpTerms,
  onLine: (line: string) => Appetite,
): Promise<HttpAnswer | null> {
  return await sendAndRead(request, terms, async (answer) => {
    if (answer.statusCode !== 200) return await readWhole(answer);
    await readLines(answer, onLine);
    return null;
  });
}

async function readLines(
  answer: IncomingMessage,
  onLine: (line: string) => Appetite,
): Promise<void> {
  let rest = "";
  for await (const piece of answer.setEncoding("utf8")) {
    const lines = `${rest}${String(piece)}`.split("\n");
    rest = lines.pop() ?? "";
    if (rest.length > MOST_CHARACTERS) throw new Error("sent a line that is too long");
    for (const line of lines) if (onLine(line) === "enough") return;
  }
  // The last line may lack its end.
  if (rest === "" || onLine(rest) !== "enough") throw new Error("the stream has ended");
}
