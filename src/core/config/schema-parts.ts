import * as v from "valibot";
import { REPOSITORY_PATTERN } from "./forge-run.ts";
import { LONGEST_SPAN_SECONDS, secondsIn } from "../span.ts";

/** A value in which nothing can be changed, at any depth. */
export type Frozen<T> = T extends object ? { readonly [Key in keyof T]: Frozen<T[Key]> } : T;

export const someText = v.pipe(v.string(), v.check(hasWords, "must not be empty"));

/** Whether there is anything but blanks. */
export function hasWords(text: string): boolean {
  return /[^ \t\n\v\f\r]/.test(text);
}

export const absolutePath = v.pipe(
  v.string(),
  v.startsWith("/", "must be an absolute path"),
  v.excludes("\0", "must not contain a NUL character"),
);

/** The name of a file in a toplevel, such as `kernel` or `kernel-modules`. */
export const componentName = v.pipe(
  v.string(),
  v.regex(/^[^/\0]+$/, "must be a file name without a slash"),
  v.check((name) => name !== "." && name !== "..", "must be a file name"),
);

const SPAN = "must be a span: a number of seconds, or a text such as 90s, 5min or 1h 30min";

/** A number of seconds, or a text as systemd takes it. */
const seconds = v.pipe(
  v.union([v.number(), v.string()], SPAN),
  v.transform((span) => (typeof span === "number" ? span : secondsIn(span))),
  v.number(SPAN),
  v.maxValue(LONGEST_SPAN_SECONDS, "must be a year (31622400 seconds) at most"),
);

export const wholeSeconds = v.pipe(
  seconds,
  v.integer("must be whole seconds"),
  v.minValue(0, "must be 0 or more seconds"),
);

/** For times that must not be 0. */
export const someSeconds = v.pipe(
  seconds,
  v.integer("must be whole seconds"),
  v.minValue(1, "must be 1 or more seconds"),
);

/** For the time of one try, which may be less than a second. */
export const fractionOfSeconds = v.pipe(seconds, v.minValue(0.05, "must be 0.05 or more seconds"));

/** See systemd.unit(5). */
export const systemdUnit = v.pipe(
  v.string(),
  v.regex(
    /^[\w:.\\@][\w:.\\@-]*\.[a-z]+$/,
    "must be the name of a unit with its suffix, such as nginx.service",
  ),
);

export const unitGlob = v.pipe(
  v.string(),
  v.regex(/^[\w:.\\@*?-]+$/, "must be the name of a unit, or a glob with * and ?"),
  // Units are compared by their whole names: another one would never match.
  v.check(
    (glob) => /[*?]|\.[a-z]+$/.test(glob),
    "must end with the kind of the unit, such as .service, or have a *",
  ),
);

/** A program and its arguments; no shell is involved. */
export const argv = v.pipe(
  v.array(v.pipe(v.string(), v.regex(/^[^\0]*$/, "must not contain a NUL"))),
  v.check((words) => (words[0] ?? "") !== "", "must name a program"),
);

export const pattern = v.pipe(
  v.string(),
  v.nonEmpty("must not be empty"),
  v.check(isRegExp, "must be a regular expression"),
);

function isRegExp(text: string): boolean {
  try {
    return new RegExp(text) instanceof RegExp;
  } catch {
    return false;
  }
}

export const webAddress = v.pipe(
  v.string(),
  v.check(isWebAddress, "must be an address that begins with http:// or https://"),
);

/** Without what a URL drops or escapes: it would then be another address than the one that is read. */
export function isWebAddress(text: string): boolean {
  return /^https?:\/\/[^/\\\s]\S*$/.test(text) && URL.canParse(text);
}

/** Part of file names in the outbox. */
export const receiverName = v.pipe(
  v.string(),
  v.regex(/^[a-z0-9][a-z0-9-]{0,39}$/, "must be lower-case letters, digits and dashes, 40 at most"),
);

/** An address must not contain a secret, because every user can read the configuration. */
export const receiverAddress = v.pipe(
  webAddress,
  v.check(
    (address) => !isWebAddress(address) || !hasCredentials(address),
    "must not contain a user or password; put the secret into a file",
  ),
);

function hasCredentials(address: string): boolean {
  const { username, password } = new URL(address);
  return username !== "" || password !== "";
}

/** Every user of the host, and everyone with a copy of the closure, can read the store. */
export const secretFile = v.pipe(
  absolutePath,
  v.check((path) => !partsOf(path).includes(".."), "must not contain .."),
  v.check(
    (path) => partsOf(path).slice(0, 2).join("/") !== "nix/store",
    "must not be in the store, where every user can read it",
  ),
);

function partsOf(path: string): string[] {
  return path.split("/").filter((part) => part !== "" && part !== ".");
}

export const repositoryName = v.pipe(
  v.string(),
  v.regex(REPOSITORY_PATTERN, "must be owner/name, not an address"),
);

/** May contain names in braces, so it is not an address yet. */
export const linkAddress = v.pipe(
  v.string(),
  v.regex(/^https?:\/\/./s, "must begin with http:// or https://"),
);

/** A topic of an ntfy server, which may be below a path. */
export const topicAddress = v.pipe(
  receiverAddress,
  v.regex(
    /^https?:\/\/[^/?#]+\/([^?#]*\/)?[\w-]+\/*$/,
    "must end in a topic, such as https://ntfy.sh/TOPIC",
  ),
);

const message = v.pipe(
  v.string(),
  v.check(hasWords, "must not be empty; null sends no message"),
  // Control characters could control the terminal.
  v.check((text) => !hasControl(text), "must be one line of plain text"),
);

function hasControl(text: string): boolean {
  return Array.from(text, (character) => character.codePointAt(0) ?? 0).some(
    (code) => code < 0x20 || code === 0x7f,
  );
}

/** What people who are logged in are told before an act, and how long they are waited for. */
export type SessionsConfig = Frozen<{ readonly grace: number; readonly message: string | null }>;

export function sessionsSchema(byDefault: SessionsConfig) {
  return v.strictObject({
    /** Seconds from the message to the act; 0 does not wait. */
    grace: v.optional(wholeSeconds, byDefault.grace),
    /** Null sends none. */
    message: v.optional(v.nullable(message), byDefault.message),
  });
}
