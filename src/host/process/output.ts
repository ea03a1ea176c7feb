/** How much of a stream is kept: all of it, or its beginning and its end. */
export type Keep = "whole" | "ends";

/** Characters; more than any listing of units or packages has. */
const MOST_WHOLE = 32 * 1024 * 1024;

/** Characters of the beginning and of the end. */
const MOST_END = 32 * 1024;

/** Collects what a program prints on one stream, in bounded memory. */
export class Output {
  readonly #keep: Keep;
  #head = "";
  #tail = "";
  #length = 0;

  constructor(keep: Keep) {
    this.#keep = keep;
  }

  add(text: string): void {
    this.#length += text.length;
    const room = this.#most() - this.#head.length;
    this.#head += text.slice(0, room);
    if (text.length > room) this.#tail = (this.#tail + text.slice(room)).slice(-MOST_END);
  }

  /** Whether something is missing that should not be. */
  isCut(): boolean {
    return this.#keep === "whole" && this.#length > MOST_WHOLE;
  }

  text(): string {
    const left = this.#length - this.#head.length - this.#tail.length;
    const gap = left === 0 ? "" : `\n[${left} characters left out]\n`;
    return `${this.#head}${gap}${this.#tail}`;
  }

  #most(): number {
    return this.#keep === "whole" ? MOST_WHOLE : MOST_END;
  }
}

/** The cause of the end of a program whose output had to be whole. */
export const TOO_MUCH = `printed more than ${MOST_WHOLE / 1024 / 1024} MiB`;
