import * as v from "valibot";
import {
  absolutePath,
  argv,
  fractionOfSeconds,
  type Frozen,
  receiverAddress,
  receiverName,
  secretFile,
  someText,
} from "../schema-parts.ts";

/** What a gate holds up: each act, or only reboots. */
const before = v.picklist(["act", "reboot"]);

/** One entry of `waitFor.commands`. */
export const commandGateSchema = v.strictObject({
  /** A part of the gate's name. */
  name: receiverName,
  /** Exit code 0: open; 1: closed, and its last line says why; any other: unknown. */
  command: argv,
  /** After so many seconds a look ends without an answer. */
  timeout: v.optional(fractionOfSeconds, 10),
  before: v.optional(before, "act"),
});

const alertGlobs = v.array(someText);

/** `waitFor.alerts`: no alert of a Prometheus fires that counts. */
export const alertGateSchema = v.strictObject({
  /** The address before `/api/v1/alerts`. */
  url: v.pipe(
    receiverAddress,
    v.check(
      (url) => !/\/api(?:\/v1(?:\/alerts)?)?\/?$/.test(url),
      "must not contain /api/v1/alerts: that is added",
    ),
  ),
  /** Globs of the names of alerts that count. */
  match: v.optional(v.pipe(alertGlobs, v.minLength(1, "must name an alert, or be absent")), ["*"]),
  /** Globs of the names of alerts that do not. */
  ignore: v.optional(alertGlobs, []),
  /** Whether alerts count that do not fire yet. */
  pending: v.optional(v.boolean(), false),
  /** A deploy is often the repair, so a switch does not wait unless told otherwise. */
  before: v.optional(before, "reboot"),
  tokenFile: v.optional(v.nullable(secretFile), null),
  caFile: v.optional(v.nullable(absolutePath), null),
  /** The timeout of one request in seconds. */
  timeout: v.optional(fractionOfSeconds, 10),
});

/** What can be at work that a reboot would cut off. */
export const storageSchema = v.picklist(["md", "zfs", "btrfs"]);

export type CommandGateConfig = Frozen<v.InferOutput<typeof commandGateSchema>>;
export type AlertGateConfig = Frozen<v.InferOutput<typeof alertGateSchema>>;
export type Storage = v.InferOutput<typeof storageSchema>;
