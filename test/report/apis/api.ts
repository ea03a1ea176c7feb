import * as v from "valibot";
import type { Reply } from "../server.ts";

/** What a server makes of a request, as its document says. */
export type Meaning = "taken" | "again" | "give-up";

/** The documented API of a kind of receiver. */
export interface Api {
  /** The document, whose version notes/ has. */
  readonly document: string;
  readonly config: Readonly<Record<string, unknown>>;
  /** Method, path below the address, and the header with the secret. */
  readonly request: readonly [method: string, path: RegExp, secret: string | null];
  /** The fields that it knows, each with its limits. */
  readonly fields: v.GenericSchema;
  /** The bytes of a body in JSON that it takes. */
  readonly body?: number;
  /** Its answers, of which the first is its success. */
  readonly answers: readonly (readonly [what: string, reply: Reply, meaning: Meaning])[];
}

export const reply = (status: number, body: unknown = {}): Reply => ({ status, body });
export const message = (status: number, text: string): Reply => reply(status, { message: text });
export const text = (most: number) => v.pipe(v.string(), v.nonEmpty(), v.maxLength(most));
export const bytes = (most: number) => v.pipe(v.string(), v.nonEmpty(), v.maxBytes(most));
export const link = v.pipe(v.string(), v.url());
export const states = (...names: string[]) => v.picklist(names);

const PAGE = {
  status: 200,
  headers: { "Content-Type": "text/html" },
  body: "<html>Sign in</html>",
};

/** What stands between a host and its server answers alike everywhere. */
export const BETWEEN: Api["answers"] = [
  ["a login page", PAGE, "again"],
  ["302 to a login", { status: 302, headers: { Location: "https://login.invalid/" } }, "again"],
  ["303", reply(303), "again"],
  ["307 of a renamed place", reply(307), "again"],
  ["301 of a moved place", reply(301), "again"],
  ["407 of a proxy", reply(407), "again"],
  ["502 of a proxy", { status: 502, body: "<html>Bad Gateway</html>" }, "again"],
  ["503 for maintenance", reply(503), "again"],
];
export const EMPTY: Api["answers"][number] = [
  "an empty 200 of a proxy",
  { status: 200, body: "" },
  "again",
];
export const EMPTY_OBJECT: Api["answers"][number] = [
  "200 and an empty object of a gateway",
  { status: 200, body: {} },
  "again",
];
