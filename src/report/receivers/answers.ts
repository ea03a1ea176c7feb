import { isPage, jsonIn } from "../../core/answer.ts";
import type { ReceiverConfig } from "../../core/config/report-config.ts";
import type { HttpAnswer } from "../../host/network/http.ts";

/** The kinds of receivers that answer over HTTP. */
export type ServerKind = Exclude<ReceiverConfig["kind"], "command">;

/** What an answer means for the report. */
export type Meaning = "taken" | "again" | "give-up";

interface Answers {
  /** The success that the API documents. A proxy or a login page may answer in its place. */
  readonly taken: { readonly statuses: readonly number[] | "2xx"; readonly body: Body };
  /** What else is worth another try, beside what is so for everyone. */
  readonly again: readonly number[];
}

/**
 * `object`: JSON; `with`: JSON with this field; `some`: any text but a page; `any`: none, or any text
 * but a page.
 */
type Body = "object" | "some" | "any" | { readonly with: string };

/** A status was made: every forge shows it. 404 is for what a token may not see, too. */
const FORGE: Answers = { taken: { statuses: [201], body: "object" }, again: [404] };
/** GitHub answers 422 for a commit that is not pushed yet. */
const GITHUB: Answers = { ...FORGE, again: [404, 422] };
/** The documents promise the field; a gateway may answer an empty object for anything. */
const having = (field: string): Answers => ({
  taken: { statuses: "2xx", body: { with: field } },
  again: [404],
});

/** One row for each API; notes/ has their documents. */
export const ANSWERS: Readonly<Record<ServerKind, Answers>> = {
  gitea: FORGE,
  forgejo: FORGE,
  github: GITHUB,
  "github-deployment": GITHUB,
  // A lock that two statuses at once fight for is 409, which is worth another try for everyone.
  gitlab: FORGE,
  ntfy: having("id"),
  gotify: having("id"),
  matrix: having("event_id"),
  // Slack says "ok", and those that speak as it does say more. 410 is an archived channel.
  slack: { taken: { statuses: "2xx", body: "some" }, again: [404, 410] },
  discord: { taken: { statuses: "2xx", body: "any" }, again: [404] },
  webhook: { taken: { statuses: "2xx", body: "any" }, again: [404] },
};

/**
 * A person can mend a token or an address while the report waits, and a proxy, a login or a page for
 * maintenance may answer for the server. A redirect is one of those: it is not followed, because that
 * would send the token to another server, and the next try may find the server itself.
 */
const AGAIN_FOR_EVERYONE = new Set([401, 403, 407, 408, 409, 421, 423, 425, 429]);

export function meaningOf(kind: ServerKind, answer: HttpAnswer): Meaning {
  const { status } = answer;
  const { taken, again } = ANSWERS[kind];
  if (status >= 200 && status <= 299) return isTaken(kind, taken, answer) ? "taken" : "again";
  const isClientError = status >= 400 && status <= 499;
  if (!isClientError) return "again";
  return AGAIN_FOR_EVERYONE.has(status) || again.includes(status) ? "again" : "give-up";
}

function isTaken(
  kind: ServerKind,
  { statuses, body }: Answers["taken"],
  answer: HttpAnswer,
): boolean {
  const { status, text } = answer;
  if (statuses !== "2xx" && !statuses.includes(status)) return false;
  if (typeof body === "object") {
    const value = jsonIn(text);
    return isObject(value) && Object.hasOwn(value, body.with);
  }
  switch (body) {
    case "object":
      return isObject(jsonIn(text));
    case "some":
      return text.trim() !== "" && !isPage(text);
    case "any":
      return kind === "discord" && text.trim() === "" ? status === 204 : !isPage(text);
  }
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
