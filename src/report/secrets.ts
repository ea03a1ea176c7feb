import { readFileSync, statSync } from "node:fs";
import { codeOf, messageOf } from "../core/refusal.ts";
import { plainly } from "./plainly.ts";

const READABLE_BY_OTHERS = 0o004;

/**
 * The secrets of one try, read from their files each time: a token may be changed while
 * a report waits, and nothing but this process, for a moment, ever holds it.
 */
export class Secrets {
  readonly #warn: (words: string) => void;
  readonly #read: string[] = [];
  #isAddressSecret = false;

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
    this.#isAddressSecret = true;
    return address;
  }

  /**
   * What a server answered, without secrets: nothing at all where its address is one, as any
   * part of that may be the secret, and a server likes to repeat what it was asked for.
   */
  hideInAnswer(text: string): string {
    return this.#isAddressSecret ? "" : this.hide(text);
  }

  /** The text without the secrets that have been read, however they are spelt in it. */
  hide(text: string): string {
    const hidden = without(this.#read, text);
    const plain = plainly(hidden);
    const plainHidden = without(this.#read.map(plainly), plain);
    return plainHidden === plain ? hidden : plainHidden;
  }
}

function without(secrets: readonly string[], text: string): string {
  return secrets.reduce((hidden, secret) => hidden.replaceAll(secret, "***"), text);
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const why = codeOf(error) === "ENOENT" ? "does not exist" : messageOf(error);
    throw new Error(`the secret ${file} ${why}`, { cause: error });
  }
}
