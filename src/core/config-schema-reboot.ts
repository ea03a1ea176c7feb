import * as v from "valibot";
import { wholeSeconds } from "./config-schema-parts.ts";
import { DEFAULT_REBOOT } from "./reboot-config.ts";
import { LONGEST_SPAN_SECONDS, parseSpan } from "./span.ts";

const { allow, method, fallback, window, sessions } = DEFAULT_REBOOT;

/** What systemd makes of it is asked when it is needed: it knows calendars and time zones. */
const calendarExpression = v.pipe(
  v.string(),
  v.check(hasWords, "must be a calendar expression, such as Sat 02:00"),
  v.check((text) => /^[^\0\n]*$/.test(text), "must be one line"),
);

const SPAN =
  "must be a span of 1 second up to a year: whole seconds, or a text such as 90min or 3h";

const someSpan = v.pipe(
  v.union([v.number(), v.string()], SPAN),
  v.transform((span) => (typeof span === "number" ? span : (parseSpan(span) ?? 0))),
  v.check((span) => Number.isInteger(span) && span >= 1 && span <= LONGEST_SPAN_SECONDS, SPAN),
);

const message = v.pipe(
  v.string(),
  v.check(hasWords, "must not be empty; null tells nobody"),
  // On a terminal, anything else might do more than tell.
  v.check((text) => !hasControl(text), "must be one line of plain text"),
);

function hasWords(text: string): boolean {
  return /[^ \t\n\v\f\r]/.test(text);
}

function hasControl(text: string): boolean {
  return Array.from(text, (character) => character.codePointAt(0) ?? 0).some(
    (code) => code < 0x20 || code === 0x7f,
  );
}

export const rebootSchema = v.strictObject({
  allow: v.optional(v.boolean(), allow),
  method: v.optional(v.picklist(["reboot", "kexec"]), method),
  fallback: v.optional(v.picklist(["auto", "require", "off"]), fallback),
  window: v.optional(
    v.nullable(v.strictObject({ start: calendarExpression, duration: someSpan })),
    window,
  ),
  sessions: v.optional(
    v.strictObject({
      grace: v.optional(wholeSeconds, sessions.grace),
      message: v.optional(v.nullable(message), sessions.message),
    }),
    {},
  ),
});
