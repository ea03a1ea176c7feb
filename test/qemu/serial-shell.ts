import { until } from "../test-host/until.ts";

/** A serial line may lose characters of a machine that is busy. */
const RESEND_MS = 3000;

export interface Answer {
  readonly exitCode: number;
  /** Both streams. */
  readonly output: string;
}

/** The other end of the shell that guest/init keeps on a serial line. */
export class SerialShell {
  readonly #write: (line: string) => void;
  #heard = "";
  #commands = 0;

  constructor(write: (line: string) => void) {
    this.#write = write;
  }

  hear(text: string): void {
    this.#heard += text;
  }

  /** The names of the toplevels that came up, the newest last. */
  ups(): string[] {
    return [...this.#heard.matchAll(/==up (\S+)\n/g)].flatMap(([, name]) => name ?? []);
  }

  /** The checkpoints that stand-ins came to (guest/bin/checkpoint). */
  checkpoints(): string[] {
    return [...this.#heard.matchAll(/==at (\S+)\n/g)].flatMap(([, name]) => name ?? []);
  }

  /** What was said last. */
  tail(): string {
    return this.#heard.slice(-3000);
  }

  /** Runs a shell script; it is sent again until it has begun, and runs once. */
  async run(
    script: string,
    limits: { readonly deadlineMs: number; readonly evidence: () => string },
  ): Promise<Answer> {
    const number = `${++this.#commands}`;
    const text = Buffer.from(script).toString("base64");
    const from = this.#heard.length;
    const ended = new RegExp(`==begun ${number}\n([^]*)==done ${number} (\\d+)\n`);
    let sentAt = Number.NEGATIVE_INFINITY;
    const ask = (): RegExpExecArray | false => {
      const heard = this.#heard.slice(from);
      const isLate = performance.now() - sentAt > RESEND_MS;
      if (isLate && !heard.includes(`==begun ${number}\n`)) {
        this.#write(`run ${number} ${text} end\n`);
        sentAt = performance.now();
      }
      return ended.exec(heard) ?? false;
    };
    const [, output = "", exitCode] = await until(script, ask, limits);
    return { exitCode: Number(exitCode), output };
  }
}
