import * as v from "valibot";
import {
  absolutePath,
  fractionOfSeconds,
  someSeconds,
  someText,
  webAddress,
  wholeSeconds,
} from "./config-schema-parts.ts";
import { DEFAULT_ETCD, DEFAULT_LOCK, GROUP_PATTERN } from "./lock-config.ts";

const groupName = v.pipe(
  v.string(),
  v.regex(GROUP_PATTERN, "must be letters, digits, dots and dashes"),
);

const serverAddress = v.pipe(
  webAddress,
  v.check(hasNoSecret, "must hold no user, password, query or fragment"),
);

function hasNoSecret(text: string): boolean {
  if (!URL.canParse(text)) return true;
  const { username, password, search, hash } = new URL(text);
  return [username, password, search, hash].every((part) => part === "");
}

const file = v.optional(v.nullable(absolutePath), null);

const common = {
  group: v.optional(groupName, DEFAULT_LOCK.group),
  timeout: v.optional(fractionOfSeconds, DEFAULT_LOCK.timeout),
  retry: v.optional(fractionOfSeconds, DEFAULT_LOCK.retry),
  deadline: v.optional(wholeSeconds, DEFAULT_LOCK.deadline),
  onDeadline: v.optional(v.picklist(["give-up", "proceed"]), DEFAULT_LOCK.onDeadline),
  caFile: file,
  certFile: file,
  keyFile: file,
};

const slots = v.pipe(
  v.number(),
  v.integer("must be a whole number"),
  v.minValue(1, "must be 1 or more"),
  v.maxValue(9999, "must be 9999 at most"),
);

const prefix = v.pipe(
  v.string(),
  v.regex(/^[^\0]*[^\0/]$/, "must not be empty or end with a slash"),
);

/** The configuration of the fleet lock, by its back end. */
export const lockSchema = v.pipe(
  v.variant("backend", [
    v.strictObject({ ...common, backend: v.literal("fleetlock"), url: serverAddress }),
    v.strictObject({
      ...common,
      backend: v.literal("etcd"),
      endpoints: v.pipe(
        v.array(serverAddress),
        v.minLength(1, "must name an endpoint"),
        v.readonly(),
      ),
      prefix: v.optional(prefix, DEFAULT_ETCD.prefix),
      slots: v.optional(slots, DEFAULT_ETCD.slots),
      lease: v.optional(v.nullable(someSeconds), DEFAULT_ETCD.lease),
      username: v.optional(v.nullable(someText), null),
      passwordFile: file,
    }),
  ]),
  v.check(
    ({ certFile, keyFile }) => (certFile === null) === (keyFile === null),
    "certFile and keyFile go together",
  ),
  v.check(
    (lock) => lock.backend !== "etcd" || (lock.username === null) === (lock.passwordFile === null),
    "username and passwordFile go together",
  ),
);
