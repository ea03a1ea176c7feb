import { readFileSync, statSync } from "node:fs";
import { codeOf, messageOf } from "../core/refusal.ts";

const READABLE_BY_OTHERS = 0o004;

/**
 * The secrets of one try, read from their files each time: a token may be changed while
 * a report waits, and nothing but this process, for a moment, ever holds it.
 */
export class Secrets {
  readonly #warn: (words: string) => void;
  readonly #read: string[] = [];

  /** @param warn tells the operator what should be mended, but hinders nothing */
  constructor(warn: (words: string) => void) {
    this.#warn = warn;
  }

  /** @throws Error that names the file, where it cannot be read or is empty */
  from(file: string): string {
    const secret = read(file).trim();
    if (secret === "") throw new Error(`${file} is empty`);
    this.#read.push(secret);
    if ((statSync(file).mode & READABLE_BY_OTHERS) !== 0) {
      this.#warn(`${file} can be read by everybody on this host: chmod 600 it`);
    }
    return secret;
  }

  /**
   * An address that is a secret itself, or holds one.
   *
   * @throws Error that names the file, where it holds no address
   */
  addressFrom(file: string): string {
    const address = this.from(file);
    if (!/^https?:/.test(address) || !URL.canParse(address)) {
      throw new Error(`${file} holds no address that begins with http:// or https://`);
    }
    const { pathname, search } = new URL(address);
    this.#read.push(...[pathname, ...pathname.split("/"), search].filter(isTelling));
    return address;
  }

  /** The text without the secrets that have been read: a server may repeat one in its answer. */
  hide(text: string): string {
    return this.#read.reduce((hidden, secret) => hidden.replaceAll(secret, "***"), text);
  }
}

/** Shorter parts of an address are words such as `api`, which are no secret. */
function isTelling(part: string): boolean {
  return part.length >= 8;
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const why = codeOf(error) === "ENOENT" ? "does not exist" : messageOf(error);
    throw new Error(`the secret ${file} ${why}`, { cause: error });
  }
}
