import * as v from "valibot";
import { absolutePath, isWebAddress, webAddress } from "./config-schema-parts.ts";

/** The single values that receivers are made of. */

/** It is a part of file names in the outbox. */
export const receiverName = v.pipe(
  v.string(),
  v.regex(/^[a-z0-9][a-z0-9-]{0,39}$/, "must be lower-case letters, digits and dashes, 40 at most"),
);

/** A secret never stands in an address: whoever can read the configuration would see it. */
export const receiverAddress = v.pipe(
  webAddress,
  v.check(
    (address) => !isWebAddress(address) || !hasCredentials(address),
    "must hold no user and password; a file holds the secret",
  ),
);

function hasCredentials(address: string): boolean {
  const { username, password } = new URL(address);
  return username !== "" || password !== "";
}

/** A secret in the store would be readable by everybody on the host, and by whoever gets the closure. */
export const secretFile = v.pipe(
  absolutePath,
  v.check((path) => !partsOf(path).includes(".."), "must hold no .."),
  v.check(
    (path) => partsOf(path).slice(0, 2).join("/") !== "nix/store",
    "must not be in the store, where everybody can read it",
  ),
);

function partsOf(path: string): string[] {
  return path.split("/").filter((part) => part !== "" && part !== ".");
}

export const repositoryName = v.pipe(
  v.string(),
  v.regex(/^[\w.-]+(\/[\w.-]+)*$/, "must be owner/name, not an address"),
);

/** Names in braces are filled in, so that it is no address yet. */
export const linkAddress = v.pipe(
  v.string(),
  v.regex(/^https?:\/\/./s, "must begin with http:// or https://"),
);

/** What ntfy's server takes for a topic, behind a path where it has one. */
export const topicAddress = v.pipe(
  receiverAddress,
  v.regex(
    /^https?:\/\/[^/?#]+\/([^?#]*\/)?[\w-]+\/*$/,
    "must end in a topic, such as https://ntfy.sh/TOPIC",
  ),
);
