import { statSync } from "node:fs";
import { codeOf, messageOf } from "../core/refusal.ts";
import { readText } from "../host/files/durable.ts";

const READABLE_BY_OTHERS = 0o004;

/**
 * The secrets of one try. They are read from their files for each try, because a token may change
 * while a report waits, and so that only this process holds them, for a moment.
 */
export class Secrets {
  readonly #warn: (words: string) => void;
  readonly #read: string[] = [];
  #isAddressSecret = false;

  /** @param warn warns the operator about a problem that does not stop the try */
  constructor(warn: (words: string) => void) {
    this.#warn = warn;
  }

  /** @throws Error with the file's name if it cannot be read or is empty */
  from(file: string): string {
    const secret = read(file).trim();
    if (secret === "") throw new Error(`${file} is empty`);
    this.#read.push(secret);
    if ((statSync(file).mode & READABLE_BY_OTHERS) !== 0) {
      this.#warn(`every user of this host can read ${file}: chmod 600 it`);
    }
    return secret;
  }

  /**
   * An address that is a secret or contains one.
   *
   * @throws Error with the file's name if it holds no address
   */
  addressFrom(file: string): string {
    const address = this.from(file);
    if (!/^https?:/.test(address) || !URL.canParse(address)) {
      throw new Error(`${file} does not contain an address that starts with http:// or https://`);
    }
    this.#isAddressSecret = true;
    return address;
  }

  /**
   * A server's answer without secrets. It is empty if the address is secret, because any part of
   * the address may be the secret, and servers often repeat the request.
   */
  hideInAnswer(text: string): string {
    return this.#isAddressSecret ? "" : this.hide(text);
  }

  /** The text without the secrets read so far, in any encoding. */
  hide(text: string): string {
    const hidden = without(this.#read, text);
    const plain = unescaped(hidden);
    const hiddenInPlain = without(this.#read.map(unescaped), plain);
    return hiddenInPlain === plain ? hidden : hiddenInPlain;
  }
}

function without(secrets: readonly string[], text: string): string {
  return secrets.reduce((hidden, secret) => hidden.replaceAll(secret, "***"), text);
}

function read(file: string): string {
  try {
    return readText(file);
  } catch (error) {
    const why = codeOf(error) === "ENOENT" ? "does not exist" : messageOf(error);
    throw new Error(`the secret ${file} ${why}`, { cause: error });
  }
}

/** Text may be escaped within escaped text; no server does so more often. */
const MOST_ROUNDS = 4;

const HTML: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

/** A text with the escapes of JSON, addresses and HTML decoded, to search in it. */
export function unescaped(text: string): string {
  let plain = text;
  for (let round = 0; round < MOST_ROUNDS; round++) {
    plain = plain
      .replaceAll(/\\u([0-9a-f]{4})/gi, fromHex)
      .replaceAll(/\\(["\\/])/g, "$1")
      .replaceAll(/%([0-9a-f]{2})/gi, fromHex)
      .replaceAll(/&#x0*([0-9a-f]{1,4});/gi, fromHex)
      .replaceAll(/&#0*(\d{1,5});/g, (_, code: string) => String.fromCharCode(Number(code)))
      .replaceAll(/&(amp|lt|gt|quot|apos);/g, (_, name: string) => HTML[name] ?? "");
  }
  return plain;
}

function fromHex(_: string, code: string): string {
  return String.fromCharCode(Number.parseInt(code, 16));
}
