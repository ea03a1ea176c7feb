import { messageOf } from "../../core/refusal.ts";

/** This host cannot read a file that each request needs: the server is not to blame. */
export class UnreadFile extends Error {
  override readonly name = "UnreadFile";
}

/** @throws UnreadFile instead of the error of the read */
export function reading<T>(what: string, readFile: () => T): T {
  try {
    return readFile();
  } catch (error) {
    throw new UnreadFile(`cannot read ${what}: ${messageOf(error)}`, { cause: error });
  }
}
