import * as v from "valibot";
import { LONGEST_SPAN_SECONDS } from "./span.ts";

/** The single values that the configuration is made of. */

export const someText = v.pipe(v.string(), v.nonEmpty("must not be empty"));

export const absolutePath = v.pipe(
  v.string(),
  v.startsWith("/", "must be an absolute path"),
  v.excludes("\0", "must not have a NUL character in it"),
);

/** A name that stands directly in a toplevel, such as `kernel` or `kernel-modules`. */
export const componentName = v.pipe(
  v.string(),
  v.regex(/^[^/\0]+$/, "must be a file name without a slash"),
  v.check((name) => name !== "." && name !== "..", "must be a file name"),
);

const seconds = v.pipe(
  v.number(),
  v.maxValue(LONGEST_SPAN_SECONDS, "must be a year of seconds at most"),
);

export const wholeSeconds = v.pipe(
  seconds,
  v.integer("must be whole seconds"),
  v.minValue(0, "must be 0 or more seconds"),
);

/** A time of which nothing is no use. */
export const someSeconds = v.pipe(
  seconds,
  v.integer("must be whole seconds"),
  v.minValue(1, "must be 1 or more seconds"),
);

/** For times of a single try, which may be less than a second. */
export const fractionOfSeconds = v.pipe(seconds, v.minValue(0.05, "must be 0.05 or more seconds"));

/** systemd.unit(5): the characters of a unit's name, and its suffix. */
export const unitName = v.pipe(
  v.string(),
  v.regex(
    /^[\w:.\\@][\w:.\\@-]*\.[a-z]+$/,
    "must be the name of a unit with its suffix, such as nginx.service",
  ),
);

export const unitGlob = v.pipe(
  v.string(),
  v.regex(/^[\w:.\\@*?-]+$/, "must be the name of a unit, or a glob with * and ?"),
);

/** A program and its arguments; no shell is involved. */
export const argv = v.pipe(
  v.array(v.pipe(v.string(), v.regex(/^[^\0]*$/, "must not hold a NUL"))),
  v.check((words) => (words[0] ?? "") !== "", "must name a program"),
);

export const pattern = v.pipe(someText, v.check(isRegExp, "must be a regular expression"));

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

export function isWebAddress(text: string): boolean {
  return /^https?:\/\//.test(text) && URL.canParse(text);
}
